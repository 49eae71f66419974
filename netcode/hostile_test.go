package netcode

import (
	"strings"
	"testing"
)

// A machine can lie about how others voted. That may end the match for whoever
// believes it; it can't take back a confirmed frame, and nothing panics.
func TestForgedVotes(t *testing.T) {
	ends := newBus(4)
	var sessions []*Session
	for i := range 4 {
		s, err := NewSession(&toy{}, ends[i], Config{Terms: Terms{Players: 4}, Seats: []Peer{0, 1, 2, 3}, Self: Peer(i)})
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, s)
	}
	for tick := range 100 {
		for i, s := range sessions {
			if i == 1 && tick == 60 {
				id := ballotID(1)<<3 | 1
				forged := vote{promised: id, suspects: setOf(3), accepted: id, value: outcome{absent: setOf(3)}}
				for _, m := range []int{1, 2, 0} {
					s.members.ballot.votes[m] = forged
				}
				ends[1].Send(0, s.appendStatus(nil, false))
				s.members.ballot.votes = [MaxPlayers]vote{}
			}
			if s.err == nil {
				confirmed := s.ledger.confirmed
				if err := s.Advance(Input{Bits: uint64(tick)}); err != nil {
					t.Logf("tick %d: machine %d: %v", tick, i, err)
				}
				if s.ledger.confirmed < confirmed {
					t.Errorf("machine %d takes back frame %d", i, confirmed)
				}
			}
		}
	}
	if err := sessions[0].err; err == nil || !strings.Contains(err.Error(), "a machine lies about votes") {
		t.Errorf("the machine that was lied to: %v", err)
	}
}

// A machine that sends garbage, with the right tag and all kinds, beside what it
// should or instead of it: the others play on, with it or without it, and count
// what they drop.
func TestGarbageStopsNobodyElse(t *testing.T) {
	for _, instead := range []bool{false, true} {
		ends := newBus(3)
		var sessions []*Session
		for i := range 3 {
			s, err := NewSession(&toy{}, ends[i], Config{Terms: Terms{Players: 3, Timeout: 40}, Seats: []Peer{0, 1, 2}, Self: Peer(i)})
			if err != nil {
				t.Fatal(err)
			}
			sessions = append(sessions, s)
		}
		x, sent := uint64(1), uint64(0)
		var junk [MaxPacket]byte
		for tick := range 300 {
			for i, s := range sessions {
				if i == 2 && tick >= 60 {
					for to := range Peer(2) {
						for k := range 20 {
							n := 3 + int(x>>40%200)
							for j := range n {
								x = x*6364136223846793005 + 1442695040888963407
								junk[j] = byte(x >> 56)
							}
							junk[0], junk[1], junk[2] = byte(s.port.tag), byte(s.port.tag>>8), junk[2]&^kindMask|byte(k)&kindMask
							ends[2].Send(to, junk[:n])
						}
					}
					sent += 20
					if instead {
						continue
					}
				}
				if err := s.Advance(Input{Bits: uint64(tick)}); err != nil {
					t.Fatalf("instead %v: tick %d: machine %d: %v", instead, tick, i, err)
				}
			}
		}
		for i, s := range sessions[:2] {
			st := s.Stats()
			if st.Frame < 240 || st.Confirmed < 230 || st.Dropped < sent*9/10 {
				t.Errorf("instead %v: machine %d is at frame %d, confirmed %d, has dropped %d of %d", instead, i, st.Frame, st.Confirmed, st.Dropped, sent)
			}
			if out := s.members.view > 0; out != instead {
				t.Errorf("instead %v: machine %d is in view %d", instead, i, s.members.view)
			}
		}
	}
}
