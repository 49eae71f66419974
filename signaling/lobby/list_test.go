package lobby

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// crowd is a lobby with many public rooms.
func crowd(rooms int) *Lobby {
	l := New(Limits{Rooms: rooms}, counter())
	for i := range rooms {
		l.Enter(Conn(i+1), protocol.Place{Game: "g", Min: 2, Max: 4, New: true}, protocol.Message{Kind: protocol.Hello, Build: "1", Room: &protocol.Room{
			Public: true, Meta: map[string]string{"mode": []string{"duel", "team"}[i%2], "skill": fmt.Sprint(i * 7919 % 3000), "map": "castle"},
		}}, From{})

	}
	return l
}

func most(n int64) *protocol.Query {
	return &protocol.Query{Where: []protocol.Term{{Key: "mode", Is: "duel"}, {Key: "skill", Max: &n}}, Sort: "-skill"}
}

// A list of ten thousand rooms takes as little memory as one of a hundred.
func TestTheListIsBounded(t *testing.T) {
	l := crowd(10_000)
	ask := func() []protocol.Listed {
		return l.Enter(1<<32, protocol.Place{Game: "g"}, protocol.Message{Kind: protocol.List, Build: "1", Query: most(2500)}, From{})[0].Message.Rooms
	}
	if got := ask(); len(got) != protocol.MaxList || got[0].Meta["skill"] != "2500" {
		t.Fatalf("%d rooms, %+v", len(got), got[0])
	}
	if allocs := testing.AllocsPerRun(5, func() { ask() }); allocs > 10 {
		t.Errorf("%v allocations", allocs)
	}
	began := time.Now()
	ask()
	t.Log("10,000 rooms filtered and sorted in", time.Since(began))
}

// However long what the rooms say of themselves, the answer is a message.
func TestTheListIsAMessage(t *testing.T) {
	l := New(Limits{}, counter())
	meta := map[string]string{}
	for i := range protocol.MaxMeta {
		meta[fmt.Sprintf("a_very_long_key%d", i)] = strings.Repeat([]string{"<", "\"", "\u2028", "x"}[i%4], protocol.MaxValue)[:protocol.MaxValue/3*3]
	}
	if err := (&protocol.Room{Meta: meta}).Check(); err != nil {
		t.Fatal(err)
	}
	for i := range protocol.MaxList {
		l.Enter(Conn(i+1), protocol.Place{Game: "g", Min: 2, Max: 4, New: true}, protocol.Message{Kind: protocol.Hello, Room: &protocol.Room{Public: true, Meta: meta}}, From{})
	}
	m := l.Enter(1<<32, protocol.Place{Game: "g"}, protocol.Message{Kind: protocol.List}, From{})[0].Message
	text := protocol.Encode(m)
	if _, err := protocol.Decode(text); err != nil || len(m.Rooms) < 20 {
		t.Errorf("%d rooms in %d bytes: %v", len(m.Rooms), len(text), err)
	}
}

func BenchmarkList(b *testing.B) {
	l := crowd(10_000)
	for _, c := range []struct {
		name  string
		query *protocol.Query
	}{{"all", nil}, {"sorted", &protocol.Query{Sort: "skill"}}, {"filtered", most(2500)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Enter(1<<32, protocol.Place{Game: "g"}, protocol.Message{Kind: protocol.List, Build: "1", Query: c.query}, From{})
			}
		})
	}
}

// Somebody who looks for anybody among ten thousand full rooms passes none of them by.
func BenchmarkMatch(b *testing.B) {
	l := New(Limits{Rooms: 10_001}, counter())
	hello := protocol.Message{Kind: protocol.Hello, Build: "1"}
	place := protocol.Place{Game: "g", Min: 2, Max: 2}
	for i := range 20_000 {
		l.Enter(Conn(i+1), place, hello, From{})
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Enter(1<<32, place, hello, From{})
		l.Hear(1<<32, &protocol.Message{Kind: protocol.Leave})
	}
}
