package netcode_test

import (
	"fmt"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/simnet"
)

// race is the whole state of a game: how far each player has run.
type race struct {
	Run [2]int32
}

func step(r *race, in []netcode.Input) {
	for p := range r.Run {
		if in[p].Bits&1 != 0 {
			r.Run[p]++
		}
	}
}

// Two machines play over a bad network in one variable. Over the internet a
// match of package rtc takes the place of net.Peer.
func Example() {
	net := simnet.New(1, 2)
	net.SetAll(simnet.Path{Latency: 3000, Jitter: 1000, Loss: 100}) // three to four ticks, one packet in ten lost

	var games [2]race
	var sessions [2]*netcode.Session
	for i := range sessions {
		var err error
		sessions[i], err = netcode.NewSession(plain.New(&games[i], step), net.Peer(netcode.Peer(i)), netcode.Config{
			Terms: netcode.Terms{Players: 2, Build: "race 1"},
			Seats: []netcode.Peer{0, 1}, // player 0 sits at machine 0, player 1 at machine 1
			Self:  netcode.Peer(i),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
	}

	for tick := range 300 {
		for i, s := range sessions {
			if err := s.Advance(netcode.Input{Bits: uint64(tick / 7 & 1 & (1 - i))}); err != nil {
				fmt.Println(err)
				return
			}
		}
		net.Tick()
	}

	a, _ := sessions[0].Hash(250)
	b, _ := sessions[1].Hash(250)
	fmt.Println("both are past frame 250:", sessions[0].Confirmed() > 250 && sessions[1].Confirmed() > 250)
	fmt.Println("with the same state:", a == b)
	fmt.Println("after repairs of the past:", sessions[1].Stats().Rollbacks > 0)
	// Output:
	// both are past frame 250: true
	// with the same state: true
	// after repairs of the past: true
}
