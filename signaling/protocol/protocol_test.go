package protocol

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParsePlace(t *testing.T) {
	for _, c := range []struct {
		path, players string
		fresh         bool
		want          Place
		err           string // a part of it; empty: none
	}{
		{"/pong", "", false, Place{Game: "pong", Min: 2, Max: 2}, ""},
		{"/pong", "", true, Place{Game: "pong", Min: 2, Max: 2, New: true}, ""},
		{"/pong/KQ7XP", "2-4", true, Place{Game: "pong", Code: "KQ7XP", Min: 2, Max: 4}, ""},
		{"/a_b-9/x", "3", false, Place{Game: "a_b-9", Code: "x", Min: 3, Max: 3}, ""},
		{"", "", false, Place{}, "no game"},
		{"/", "", false, Place{}, "no game"},
		{"/pong/", "", false, Place{}, "no room code"},
		{"/pong/a/b", "", false, Place{}, "room code"},
		{"/po ng", "", false, Place{}, "game"},
		{"/" + strings.Repeat("x", 33), "", false, Place{}, "limit is 32"},
		{"/pong", "1", false, Place{}, "players"},
		{"/pong", "9", false, Place{}, "from 2 to 8"},
		{"/pong", "4-2", false, Place{}, "players"},
		{"/pong", "2-", false, Place{}, "players"},
		{"/pong", "two", false, Place{}, "players"},
	} {
		got, err := ParsePlace(c.path, c.players, c.fresh)
		if c.err == "" && (err != nil || got != c.want) {
			t.Errorf("%q %q: %+v, %v; want %+v", c.path, c.players, got, err, c.want)
		}
		if c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%q %q: error %v, want one with %q", c.path, c.players, err, c.err)
		}
	}
}

func TestMessagesSurviveTheWire(t *testing.T) {
	m := Message{
		Kind: Welcome, Self: 3, Token: "t", Code: "KQ7XP", Min: 2, Max: 4, Round: 7,
		Members: []Member{{ID: 1, Name: "Ö\n\"", Round: 6, Ready: true, Data: []byte{0, 255}, Away: true}},
		Servers: []Server{{URLs: []string{"turn:h:1?transport=udp"}, Username: "u", Credential: "c"}},
		Match:   &Match{Round: 6, Seats: []ID{1, 3}, Seed: 1<<64 - 1, Nonce: make([]byte, 16), Setup: []byte("s")},
		Payload: []byte{1}, Linked: []ID{1}, Data: []byte{2}, Ready: true, Text: "<&>",
	}
	got, err := Decode(Encode(m))
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestLimits(t *testing.T) {
	if _, err := Decode(Encode(Message{Kind: Signal, Payload: make([]byte, MaxPayload)})); err != nil {
		t.Error("at the limit:", err)
	}
	for _, m := range []Message{
		{Kind: Signal, Payload: make([]byte, MaxPayload+1)},
		{Kind: State, Data: make([]byte, MaxData+1)},
		{Kind: Hello, Name: strings.Repeat("x", MaxName+1)},
		{Kind: State, Linked: make([]ID, MaxMembers+1)},
		{Kind: State, Round: -1},
		{Kind: State, Round: MaxRound + 1},
	} {
		if _, err := Decode(Encode(m)); err == nil {
			t.Errorf("%s over a limit was taken", m.Kind)
		}
	}
}

// A full room in which everybody says as much as may be said is welcomed into
// in one message.
func TestTheLargestWelcome(t *testing.T) {
	text := strings.Repeat("<", MaxName) // on the wire 6 letters each
	w := Message{
		Kind: Welcome, Seq: 1 << 60, Ack: 1 << 60, Self: 1<<16 - 1, Token: text, Code: strings.Repeat("x", MaxWord), Min: 2, Max: 8, Round: MaxRound,
		Match: &Match{Round: MaxRound, Seed: 1<<64 - 1, Nonce: make([]byte, 16), Setup: make([]byte, MaxData)},
		Room:  &Room{Leader: 1<<16 - 1, Locked: true, Public: true, Late: true, Data: make([]byte, MaxData), Meta: map[string]string{}},
	}
	for i := range MaxMembers {
		m := Member{ID: 1<<16 - 1, Name: text, Round: MaxRound, Ready: true, Away: true}
		if i < MaxWhole {
			m.Data = make([]byte, MaxData)
		}
		if i < MaxPlayers {
			w.Match.Seats = append(w.Match.Seats, 1<<16-1)
		}
		w.Members = append(w.Members, m)
	}
	for i := range MaxMeta {
		w.Room.Meta[fmt.Sprintf("%016d", i)] = strings.Repeat("<", MaxValue)
	}
	for range 3 {
		w.Servers = append(w.Servers, Server{URLs: []string{strings.Repeat("u", 300)}, Username: strings.Repeat("n", 64), Credential: strings.Repeat("c", 64)})
	}
	b := Encode(w)
	t.Logf("%d bytes of %d", len(b), MaxMessage)
	if _, err := Decode(b); err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"kind":"hello","build":"pong 1"}`))
	f.Add([]byte(`{"kind":"start","match":{"seed":"5","seats":[1,2]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(Encode(m))
		if err != nil || !bytes.Equal(Encode(again), Encode(m)) {
			t.Fatalf("%q came back as %q, %v", Encode(m), Encode(again), err)
		}
	})
}
