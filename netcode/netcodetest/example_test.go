package netcodetest_test

import (
	"fmt"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/netcodetest"
	"github.com/punchback/punchback/netcode/plain"
)

// dice is a game with a mistake.
type dice struct {
	Rolls [2]uint32
}

// stdout prints what a test would report.
type stdout struct{ testing.TB }

func (stdout) Helper()                           {}
func (stdout) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (stdout) Error(args ...any)                 { fmt.Println(args...) }

// In a test of your own, t is its argument. Here it prints what Check says of a Step that
// counts in a variable beside the state: what is not saved is not rolled back.
func ExampleCheck() {
	var t testing.TB = stdout{}
	rolls := uint32(0)
	netcodetest.Check(t, func() netcode.Game {
		return plain.New(&dice{}, func(d *dice, in []netcode.Input) {
			rolls++
			d.Rolls[0] = rolls
		})
	}, 2, nil)
	// Output:
	// netcodetest: frame 1 differs when it was stepped for the first time: byte 0 (Rolls[0]) is 1 and 2
}
