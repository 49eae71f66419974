package punch

import (
	"errors"
	"fmt"
)

// ErrHostile is what the Err of a link is, by errors.Is, when the other end did
// what none of ours does: it is not to be linked to again. The text of Err
// names what it did, and the limit where there is one.
var ErrHostile = errors.New("punch: the other side is hostile")

func hostile(format string, args ...any) error {
	return &Error{Hostile, "the other side " + fmt.Sprintf(format, args...)}
}

var errText = hostile("sent text, which no link does")
