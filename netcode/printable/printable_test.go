package printable_test

import (
	"testing"

	"github.com/punchback/punchback/netcode/printable"
)

func TestLine(t *testing.T) {
	for s, want := range map[string]string{
		"Ann, 3 wins":                 "Ann, 3 wins",
		"Zoë 選手 ×":                    "Zoë 選手 ×",
		"\x1b]0;owned\x07\x1b[2Jtext": "]0;owned[2Jtext",
		"two\nlines\tand\r\na tab":    "two lines and  a tab",
		"\u009b31m":                   "31m",
		"a\u202egnp.exe":              "agnp.exe",
		"\u2028":                      " ",
		"no \xff UTF-8":               "no \ufffd UTF-8",
	} {
		if got := printable.Line(s); got != want {
			t.Errorf("Line(%q) is %q, want %q", s, got, want)
		}
	}
}
