package lobby

import (
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// came enters a room by its code and says how it went.
func came(t *testing.T, l *Lobby, c Conn, hello protocol.Message) protocol.Message {
	t.Helper()
	hello.Kind = protocol.Hello
	for _, o := range l.Enter(c, protocol.Place{Game: "pong", Code: "CLUB", Min: 2, Max: 2}, hello, From{}) {
		if o.To == c {
			check(t, l)
			return o.Message
		}
	}
	t.Fatal("nothing is said")
	return protocol.Message{}
}

func back(w protocol.Message) protocol.Message {
	return protocol.Message{Resume: w.Token, Self: w.Self, Round: w.Round}
}

func leave(l *Lobby, conns ...Conn) {
	for _, c := range conns {
		l.Hear(c, &protocol.Message{Kind: protocol.Leave})
	}
}

// Whoever was in a room that all have left has no way before those who make one
// of that code anew.
func TestAnOldMemberTakesNoRoom(t *testing.T) {
	l := New(Limits{}, counter())
	for range l.box.limits.PlayGrace {
		l.Tick()
	}
	old := came(t, l, 1, protocol.Message{})
	leave(l, 1)
	came(t, l, 2, protocol.Message{})
	if w := came(t, l, 3, back(old)); len(w.Members) != 2 || w.Room.Leader != 1 || w.Self == 1 {
		t.Errorf("%+v", w)
	}
}

// Those who were all away have it.
func TestWhoWasLostHasTheWay(t *testing.T) {
	l := New(Limits{}, counter())
	for range l.box.limits.PlayGrace {
		l.Tick()
	}
	lost := came(t, l, 1, protocol.Message{})
	l.Lost(1)
	for range l.box.limits.Grace {
		l.Tick()
	}
	came(t, l, 2, protocol.Message{})
	if w := came(t, l, 3, back(lost)); w.Self != lost.Self || w.Room.Leader != w.Self {
		t.Errorf("%+v", w)
	}
}

// After a restart strangers keep a room by no match that they play, and a member
// of long ago not by a token of then.
func TestARestartGivesTheRoomBack(t *testing.T) {
	since := int64(1000)
	begin := func() *Lobby {
		since += 1000
		return New(Limits{Since: since, Key: []byte("the same")}, counter())
	}
	l := begin()
	ex := came(t, l, 1, protocol.Message{})
	leave(l, 1)
	for range 100 {
		l.Tick()
	}
	one, two := came(t, l, 2, protocol.Message{}), came(t, l, 3, protocol.Message{})

	l = begin()
	came(t, l, 1, protocol.Message{})
	came(t, l, 2, protocol.Message{})
	for i, linked := range []protocol.ID{2, 1} {
		l.Hear(Conn(i+1), &protocol.Message{Kind: protocol.State, Round: 1, Linked: []protocol.ID{linked}})
	}
	if r := l.rooms["pong/CLUB"]; r.round != 2 || !r.playing() {
		t.Fatalf("%+v", r)
	}
	for i, m := range []protocol.Message{one, two} {
		if w := came(t, l, Conn(i+3), back(m)); w.Self != m.Self || w.Room.Leader != 1 {
			t.Errorf("after strangers: %+v", w)
		}
	}

	l = begin()
	came(t, l, 1, back(ex))
	for i, m := range []protocol.Message{one, two} {
		if w := came(t, l, Conn(i+3), back(m)); w.Self != m.Self || w.Room.Leader != 1 {
			t.Errorf("after one of long ago: %+v", w)
		}
	}
}

// After two restarts a stranger gets no number of those who came between them.
func TestTwoRestartsGiveNoNumberTwice(t *testing.T) {
	l := New(Limits{}, counter())
	one := came(t, l, 1, protocol.Message{})
	l = New(Limits{}, counter())
	one = came(t, l, 1, back(one))
	two := came(t, l, 2, protocol.Message{})
	l = New(Limits{}, counter())
	came(t, l, 1, back(one))
	if w := came(t, l, 2, protocol.Message{}); w.Self == two.Self {
		t.Errorf("a stranger is %d", w.Self)
	}
	if w := came(t, l, 3, back(two)); w.Self != two.Self {
		t.Errorf("%d is %d", two.Self, w.Self)
	}
}

func TestANoteTellsTheNumbers(t *testing.T) {
	limits := Limits{Notes: true}
	h := &heirs{Lobby: New(limits, counter()), t: t}
	place := protocol.Place{Game: "pong", Code: "club", Min: 2, Max: 3}
	_, one := h.enter(place, protocol.Message{})
	h.rooms[key("pong", "club")].last = 3 * old
	_, two := h.enter(place, protocol.Message{})
	h.die(limits, false, 0)
	h.enter(place, back(one))
	if _, w := h.enter(place, protocol.Message{}); w.Self <= two.Self {
		t.Errorf("a stranger is %d, after %d", w.Self, two.Self)
	}
}
