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
		outs := l.Enter(conn, place, protocol.Message{Kind: protocol.Hello}, From{})
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

// What a newcomer is told of a room of as many as it can have is never too long
// for one message, and says all.
func TestACrowdIsTold(t *testing.T) {
	l := New(Limits{}, counter())
	place := protocol.Place{Game: "pong", Code: "CLUB", Min: 2, Max: 2}
	data := make([]byte, protocol.MaxData)
	for c := Conn(1); ; c++ {
		told := map[protocol.ID]bool{}
		for _, o := range l.Enter(c, place, protocol.Message{Kind: protocol.Hello, Name: "a name", Room: &protocol.Room{Data: data}}, From{}) {
			if text := protocol.Encode(o.Message); len(text) > protocol.MaxMessage {
				t.Fatalf("connection %d: %q of %d bytes", c, o.Message.Kind, len(text))
			}
			for _, m := range o.Message.Members {
				told[m.ID] = told[m.ID] || o.To == c && len(m.Data) > 0
			}
		}
		for id, all := range told {
			if !all && id != protocol.ID(c) {
				t.Errorf("connection %d is not told all of %d", c, id)
			}
		}
		if c == protocol.MaxMembers {
			return
		}
		l.Hear(c, &protocol.Message{Kind: protocol.State, Round: 1, Data: data})
		for range l.box.limits.Grace {
			l.Tick()
		}
	}
}
