// Package printable makes a text that somebody else wrote fit to be shown: in a
// terminal, whose cursor, title and clipboard it could move and set, and in a line
// of a window, whose order of letters it could turn around. It decides nothing about
// what a text says.
package printable

import (
	"strings"
	"unicode"
)

// Line is a text as one line of what can be seen: white space is a space, and what
// is neither is left out (control characters, marks of direction, and so on; see
// unicode.IsPrint).
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return -1
	}, s)
}
