package scene

import (
	"testing"

	"github.com/punchback/punchback/netcode"
)

// What was chosen is there again; nonsense that was kept changes nothing.
func TestSettings(t *testing.T) {
	for _, s := range []settings{usual(false), usual(true), {volume: 3, delay: autoDelay, relay: true}, {calm: true}} {
		again := usual(!s.calm)
		if again.read(s.text()); again != s {
			t.Errorf("%+v are read as %+v from %q", s, again, s.text())
		}
	}
	for _, text := range []string{"", "%zz", "volume=11&delay=-1&relay=maybe&calm=", "volume=99999999999999999999"} {
		s := usual(false)
		if s.read(text); s != usual(false) {
			t.Errorf("%q is read as %+v", text, s)
		}
	}
	for delay, want := range map[int]int{0: netcode.NoDelay, 1: 1, 6: 6, autoDelay: netcode.Auto} {
		if got := (settings{delay: delay}).frames(); got != want {
			t.Errorf("a delay of %d is %d, want %d", delay, got, want)
		}
	}
}

func TestSettingsMenu(t *testing.T) {
	s := usual(false)
	it := s.items()
	it[itemVolume].value, it[itemDelay].value = 0, autoDelay
	s.take(it, itemRelay)
	if want := (settings{delay: autoDelay, relay: true}); s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	for i, want := range map[int]string{itemVolume: "mute", itemDelay: "Auto"} {
		if it[i].hint != want {
			t.Errorf("item %d says %q, want %q", i, it[i].hint, want)
		}
	}
	if it[itemRelay].text != "Hide my address: yes" || it[itemCalm].text != "Less motion: no" {
		t.Errorf("%q, %q", it[itemRelay].text, it[itemCalm].text)
	}
	s.take(it, itemCalm)
	if s.take(it, -1); !s.calm || !s.relay {
		t.Errorf("%+v", s)
	}
}
