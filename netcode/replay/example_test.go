package replay_test

import (
	"bytes"
	"fmt"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/replay"
)

// race is the whole state of a game: how far each player has run.
type race struct {
	Run [2]int32
}

func newRace(netcode.Terms) netcode.Game {
	return plain.New(&race{}, func(r *race, in []netcode.Input) {
		for p := range r.Run {
			if in[p].Bits&1 != 0 {
				r.Run[p]++
			}
		}
	})
}

// A match is recorded into a file, here one in memory, and seen again.
func Example() {
	var file bytes.Buffer
	terms := netcode.Terms{Players: 2, Build: "race 1"}
	recorder, err := replay.NewWriter(&file, terms, replay.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := netcode.NewSession(newRace(terms), nil, netcode.Config{
		Terms:     terms,
		Seats:     []netcode.Peer{0, 0}, // two on one machine
		Recorders: []netcode.Recorder{recorder},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for tick := range 3600 {
		if err := session.Advance(netcode.Input{Bits: 1}, netcode.Input{Bits: uint64(tick / 30)}); err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := recorder.Close(); err != nil {
		fmt.Println(err)
		return
	}

	film, err := replay.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	var seen race
	viewer, err := netcode.NewViewer(plain.New(&seen, func(r *race, in []netcode.Input) {
		for p := range r.Run {
			if in[p].Bits&1 != 0 {
				r.Run[p]++
			}
		}
	}), film)
	if err != nil {
		fmt.Println(err)
		return
	}
	for viewer.Behind() > 0 {
		if err := viewer.Advance(); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("frame", viewer.Frame(), "runs", seen.Run)
	if err := viewer.Seek(1800); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("frame", viewer.Frame(), "runs", seen.Run)

	verdict, err := replay.Verify(film, newRace)
	fmt.Println("the same up to frame", verdict.Agreed, err)
	// Output:
	// frame 3600 runs [3598 1798]
	// frame 1800 runs [1798 898]
	// the same up to frame 3600 <nil>
}
