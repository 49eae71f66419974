package main

import (
	"errors"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/simnet"
)

// desync plays a match of two whose second machine goes wrong, and gives the
// dumps of both.
func desync(t *testing.T) (ours, theirs []byte) {
	t.Helper()
	type duel struct {
		Tick    uint32
		Players [2]struct {
			Pos, Vel struct{ X, Y int32 }
			Alive    bool
		}
	}
	net := simnet.New(1, 2)
	var sessions [2]*netcode.Session
	for m := range sessions {
		g := plain.New(new(duel), func(s *duel, in []netcode.Input) {
			s.Tick++
			for p := range in {
				b := &s.Players[p]
				b.Vel.X, b.Alive = int32(in[p].Bits), true
				b.Pos.X += b.Vel.X
			}
			if m == 1 && s.Tick >= 40 {
				s.Players[1].Vel.X -= 3
				s.Players[0].Alive = false
			}
		})
		s, err := netcode.NewSession(g, net.Peer(netcode.Peer(m)), netcode.Config{Terms: netcode.Terms{Players: 2, Build: "duel 1", Timeout: 300}, Seats: []netcode.Peer{0, 1}, Self: netcode.Peer(m)})
		if err != nil {
			t.Fatal(err)
		}
		sessions[m] = s
	}
	var e [2]*netcode.DesyncError
	for tick := range 200 {
		for m, s := range sessions {
			if e[m] == nil {
				errors.As(s.Advance(netcode.Input{Bits: uint64(tick / 10)}), &e[m])
			}
		}
		net.Tick()
	}
	if e[0] == nil || e[1] == nil {
		t.Fatal("no desync")
	}
	return e[0].Dump, e[1].Dump
}
