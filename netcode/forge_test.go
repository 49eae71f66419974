package netcode

import "testing"

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
					s.ballot.votes[m] = forged
				}
				ends[1].Send(0, s.appendStatus(nil, false))
				s.ballot.votes = [MaxPlayers]vote{}
			}
			if s.err == nil {
				confirmed := s.confirmed
				if err := s.Advance(Input{Bits: uint64(tick)}); err != nil {
					t.Logf("tick %d: machine %d: %v", tick, i, err)
				}
				if s.confirmed < confirmed {
					t.Errorf("machine %d takes back frame %d", i, confirmed)
				}
			}
		}
	}
	for i, s := range sessions {
		t.Logf("machine %d: confirmed %d, view %d, %v", i, s.confirmed, s.view, s.err)
	}
}
