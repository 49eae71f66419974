// Package printable makes a text of unknown origin fit to be shown: in a terminal, whose
// cursor, title and clipboard it could otherwise control, and in a line of a window, whose
// letters it could reorder. It does not judge what a text says. In the browser it is the
// same.
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
