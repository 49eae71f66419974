package fixed

import "testing"

// Whatever is read as a number reads back the same from what it is written as.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "-1.5", "2147483647.99999999976716935634613037109375", "-2147483648", "1e3", ".5", "+", "0x10", "9999999999", "1_000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			return
		}
		text, err := n.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Parse(string(text)); err != nil || back != n {
			t.Errorf("%q is %v, written as %q, which is %v, %v", s, n, text, back, err)
		}
	})
}
