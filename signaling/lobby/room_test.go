package lobby

import (
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// A room is never full of those who answer nobody: the last of them goes for a
// newcomer, and those who play, or are linked, stay.
func TestTheSilentDoNotFillARoom(t *testing.T) {
	l := New(Limits{}, counter())
	place := protocol.Place{Game: "pong", Code: "CLUB", Min: 2, Max: 2}
	conn := Conn(0)
	enter := func() protocol.Message {
		conn++
		outs := l.Enter(conn, place, protocol.Message{Kind: protocol.Hello})
		check(t, l)
		for _, o := range outs {
			if o.To == conn {
				return o.Message
			}
		}
		t.Fatalf("nothing is said: %+v", outs)
		return protocol.Message{}
	}
	state := func(c Conn, linked ...protocol.ID) []Out {
		return l.Hear(c, &protocol.Message{Kind: protocol.State, Round: 1, Linked: linked})
	}
	enter()
	state(1)
	for range 40 {
		enter()
		state(conn)
		for range l.box.limits.Grace {
			l.Tick()
		}
	}
	friend := enter()
	if friend.Kind != protocol.Welcome {
		t.Fatalf("%+v", friend)
	}
	state(1, friend.Self)
	outs := state(conn, 1)
	if last := outs[len(outs)-1].Message; last.Kind != protocol.Start || len(last.Match.Seats) != 2 || last.Match.Seats[1] != friend.Self {
		t.Errorf("%+v", outs)
	}
}
