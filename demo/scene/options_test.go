//go:build !cgo && !windows

package scene

import (
	"slices"
	"testing"
)

func TestOddQueries(t *testing.T) {
	for query, want := range map[string]string{
		"palyers=2":                     "?palyers= is unknown; is players meant?",
		"Room=fox":                      "?Room= is unknown; is room meant?",
		"lags=100":                      "?lags= is unknown; is lag meant?",
		"autplay":                       "?autplay= is unknown; is autoplay meant?",
		"players=2&room=fox&mute":       "",
		"fbclid=1&utm_source=x&v=17001": "", // of the site around the page
	} {
		o, err := FromPage("http://127.0.0.1:8080/?" + query)
		if err != nil || want != "" && !slices.Equal(o.Odd, []string{want}) || want == "" && o.Odd != nil {
			t.Errorf("%s: %q, %v; want %q", query, o.Odd, err, want)
		}
	}
}

func TestSlidersStandWhereAsked(t *testing.T) {
	for query, want := range map[string][3]int{
		"":                              {5, 2, 2},
		"lag=100&loss=0.1":              {10, 0, 5},
		"lag=2000&jitter=2000&loss=0.9": {200, 200, 45},
	} {
		o, err := FromPage("http://127.0.0.1:8080/?" + query)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range o.sliders() {
			if s.value != want[i] || s.value > s.steps {
				t.Errorf("?%s: %s stands at %d of %d, want %d", query, s.text, s.value, s.steps, want[i])
			}
		}
	}
}
