package punch

import (
	"errors"
	"fmt"
)

// ErrHostile is what the Err of a link is, by errors.Is, when the other end did
// what none of ours does: it is not to be linked to again. The text of Err
// names what it did, and the limit where there is one.
var ErrHostile = errors.New("punch: the other side is hostile")

// abuse is an ErrHostile that tells what happened.
type abuse string

func (a abuse) Error() string        { return string(a) }
func (a abuse) Is(target error) bool { return target == ErrHostile }

func hostile(format string, args ...any) error {
	return abuse("punch: the other side " + fmt.Sprintf(format, args...))
}

var errText = hostile("sent text, which no link does")
