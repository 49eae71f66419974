package lobby

import (
	"encoding/json"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// heirs are a lobby, and one that takes over from it by what it has noted.
type heirs struct {
	*Lobby
	t    *testing.T
	last Conn
}

func (h *heirs) enter(p protocol.Place, hello protocol.Message) (Conn, protocol.Message) {
	h.t.Helper()
	h.last++
	hello.Kind = protocol.Hello
	outs := h.Enter(h.last, p, hello, From{})
	m := outs[0].Message
	check(h.t, h.Lobby)
	return h.last, m
}

// die makes the next lobby.
func (h *heirs) die(l Limits, all bool, age int) {
	h.t.Helper()
	next := New(l, counter())
	h.Notes(all, func(n *Note) {
		text, err := json.Marshal(n)
		if err != nil {
			h.t.Fatal(err)
		}
		var m Note
		if err := json.Unmarshal(text, &m); err != nil {
			h.t.Fatal(err)
		}
		next.Learn(&m, age)
		next.Learn(&m, age) // What is said twice changes nothing.
	})
	h.Lobby = next
	check(h.t, next)
}

func TestARoomOutlivesItsLobby(t *testing.T) {
	for _, all := range []bool{false, true} {
		limits := Limits{Notes: true, Grace: 5, PlayGrace: 20}
		h := &heirs{Lobby: New(limits, counter()), t: t}
		place := protocol.Place{Game: "pong", Min: 2, Max: 3, New: true}
		c1, one := h.enter(place, protocol.Message{Build: "1"})
		place.Code, place.New = one.Code, false
		_, two := h.enter(place, protocol.Message{Build: "1"})
		_, bad := h.enter(place, protocol.Message{Build: "1"})
		h.Hear(c1, &protocol.Message{Kind: protocol.Kick, To: bad.Self, Seq: 1})
		h.Hear(c1, &protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Public: true, Data: []byte("map 7"), Meta: map[string]string{"mode": "duel"}}, Seq: 2})
		if all {
			h.Notes(false, func(*Note) {}) // They are told again.
		}
		h.die(limits, all, 0)

		refused := func(what, want string, hello protocol.Message) {
			t.Helper()
			if _, m := h.enter(place, hello); m.Kind != protocol.Error || m.Code != want {
				t.Errorf("%s: %+v, want %s", what, m, want)
			}
		}
		refused("a kicked member", protocol.CodeKicked, protocol.Message{Build: "1", Resume: bad.Token, Self: bad.Self})
		refused("another build", protocol.CodeRoom, protocol.Message{Build: "2"})
		place.Max = 2
		_, new := h.enter(place, protocol.Message{Build: "1"})
		if new.Kind != protocol.Welcome || string(new.Room.Data) != "map 7" || new.Room.Meta["mode"] != "duel" || !new.Room.Public || new.Max != 3 || len(new.Members) != 1 {
			t.Fatalf("a newcomer: %+v", new)
		}
		refused("one for whom there is no place when all are back", protocol.CodeRoom, protocol.Message{Build: "1"})
		refused("one with a token that was never given", protocol.CodeRoom, protocol.Message{Build: "1", Resume: "0123456789abcdef0123456789abcdef", Self: 1})
		refused("and with what all tokens of the room begin with", protocol.CodeRoom, protocol.Message{Build: "1", Resume: secret(one.Token) + "0123456789abcdef", Self: 1})
		for _, m := range []protocol.Message{two, one} {
			if _, w := h.enter(place, protocol.Message{Build: "1", Resume: m.Token, Self: m.Self, Round: 1}); w.Self != m.Self || w.Code != one.Code {
				t.Errorf("%d came back as %+v", m.Self, w)
			}
		}
	}
}

// Members of a server that has lost its key meet again, as newcomers.
func TestALobbyThatLostItsKey(t *testing.T) {
	h := &heirs{Lobby: New(Limits{Key: []byte("one")}, counter()), t: t}
	place := protocol.Place{Game: "pong", Min: 2, Max: 2, New: true}
	_, one := h.enter(place, protocol.Message{Build: "1"})
	place.Code, place.New = one.Code, false
	_, two := h.enter(place, protocol.Message{Build: "1"})
	h.Lobby = New(Limits{Key: []byte("another")}, counter())
	if _, m := h.enter(place, protocol.Message{Build: "1"}); m.Code != protocol.CodeRoom {
		t.Errorf("a stranger: %+v", m)
	}
	for i, was := range []protocol.Message{two, one} {
		if _, m := h.enter(place, protocol.Message{Build: "1", Resume: was.Token, Self: was.Self}); m.Code != one.Code || int(m.Self) != i+1 {
			t.Errorf("%d came back as %+v", was.Self, m)
		}
	}
}

// Whoever was there comes back to a room that is locked, nobody else does, and a
// seat is kept for no longer than the grace time.
func TestALockOutlivesItsLobby(t *testing.T) {
	limits := Limits{Notes: true, Grace: 5, PlayGrace: 20}
	h := &heirs{Lobby: New(limits, counter()), t: t}
	place := protocol.Place{Game: "pong", Code: "club", Min: 2, Max: 2}
	_, one := h.enter(place, protocol.Message{Build: "1", Room: &protocol.Room{Locked: true}})
	h.die(limits, false, 0)
	if _, m := h.enter(place, protocol.Message{Build: "1"}); m.Code != protocol.CodeLocked {
		t.Errorf("a stranger: %+v", m)
	}
	h.die(limits, true, 0) // And what was learned is handed on.
	if _, m := h.enter(place, protocol.Message{Build: "1", Resume: one.Token, Self: 1}); m.Self != 1 || !m.Room.Locked {
		t.Errorf("the member: %+v", m)
	}
	club := h.rooms[key("pong", "club")]
	club.missing, club.last = 1, old+7 // Somebody else was there.
	other := club.token(old + 7)
	h.die(limits, true, 0)
	if _, m := h.enter(place, protocol.Message{Build: "1", Resume: other, Self: old + 7}); m.Self != old+7 {
		t.Errorf("another member: %+v", m)
	}
	h.die(limits, true, 0)
	for range limits.Grace {
		h.Tick()
		check(t, h.Lobby)
	}
	if _, m := h.enter(place, protocol.Message{Build: "1"}); m.Kind != protocol.Welcome || m.Room.Locked {
		t.Errorf("nobody came back, and then: %+v", m)
	}
}

// A code leads back to its room for as long as it would have.
func TestACodeOutlivesItsLobby(t *testing.T) {
	limits := Limits{Notes: true, Grace: 5, PlayGrace: 20}
	for _, c := range []struct {
		age  int
		want protocol.Kind
	}{{0, protocol.Welcome}, {19, protocol.Welcome}, {20, protocol.Error}} {
		h := &heirs{Lobby: New(limits, counter()), t: t}
		place := protocol.Place{Game: "pong", Min: 2, Max: 2, New: true}
		conn, one := h.enter(place, protocol.Message{Build: "1"})
		h.Hear(conn, &protocol.Message{Kind: protocol.Leave})
		h.Notes(false, func(*Note) {})
		h.die(limits, true, c.age)
		place.Code, place.New = one.Code, false
		if _, m := h.enter(place, protocol.Message{Build: "1"}); m.Kind != c.want {
			t.Errorf("after %d ticks: %+v", c.age, m)
		}
	}
}

// Whoever was alone, and waited for anybody, goes where others are; its room is
// nobody's.
func TestWhoWasAloneIsNotKeptWaiting(t *testing.T) {
	limits := Limits{Notes: true, Grace: 5}
	h := &heirs{Lobby: New(limits, counter()), t: t}
	place := protocol.Place{Game: "pong", Min: 2, Max: 2}
	_, one := h.enter(place, protocol.Message{Build: "1"})
	h.die(limits, false, 0)
	_, other := h.enter(place, protocol.Message{Build: "1"})
	place.Code = one.Code
	if _, m := h.enter(place, protocol.Message{Build: "1", Resume: one.Token, Self: 1, Open: 1}); m.Code != other.Code || len(m.Members) != 2 {
		t.Errorf("%+v", m)
	}
}

func TestOneServerAloneNotesNothing(t *testing.T) {
	l := New(Limits{}, counter())
	l.Enter(1, protocol.Place{Game: "pong", Min: 2, Max: 2}, protocol.Message{Kind: protocol.Hello}, From{})
	if l.Notes(true, func(n *Note) { t.Errorf("%+v", n) }); len(l.news) > 0 {
		t.Error("it keeps notes that nobody reads")
	}
}
