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

// rally is a game in which a player taps a button for one frame at a time.
type rally struct {
	Taps [2]int32
}

// Predict guesses that a button which is down is up again in the next frame:
// to guess that it stays would be wrong after each tap.
func (*rally) Predict(p netcode.Player, last uint64, age int) uint64 { return 0 }

// A game that guesses better is taken back less often: once for each tap here,
// where guessing that the button stays down would cost a second repair. Then
// player 0 gets a delay as long as the path, and nothing is taken back.
func ExamplePredictor() {
	net := simnet.New(1, 2)
	net.SetAll(simnet.Path{Latency: 4000})
	var games [2]rally
	var sessions [2]*netcode.Session
	for i := range sessions {
		step := func(r *rally, in []netcode.Input) {
			for p := range in {
				r.Taps[p] += int32(in[p].Bits)
			}
		}
		sessions[i], _ = netcode.NewSession(plain.New(&games[i], step), net.Peer(netcode.Peer(i)), netcode.Config{
			Terms: netcode.Terms{Players: 2},
			Seats: []netcode.Peer{0, 1},
			Self:  netcode.Peer(i),
			Delay: netcode.NoDelay,
		})
	}
	play := func(ticks int) (repairs uint64) {
		before := sessions[1].Stats().Rollbacks
		for tick := range ticks {
			for i, s := range sessions {
				tap := netcode.Input{}
				if i == 0 && tick%20 == 10 {
					tap.Bits = 1
				}
				if err := s.Advance(tap); err != nil {
					fmt.Println(err)
				}
			}
			net.Tick()
		}
		return sessions[1].Stats().Rollbacks - before
	}
	play(40)
	fmt.Println("repairs of ten taps without delay:", play(200))
	if err := sessions[0].SetDelay(0, netcode.Auto); err != nil {
		fmt.Println(err)
	}
	play(80)
	fmt.Println("repairs of ten taps with a delay of", sessions[0].Stats().Delay[0], "frames:", play(200))
	// Output:
	// repairs of ten taps without delay: 10
	// repairs of ten taps with a delay of 4 frames: 0
}
