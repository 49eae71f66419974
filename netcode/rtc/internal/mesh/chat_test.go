package mesh

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/punchback/punchback/signaling/protocol"
)

// pair are two machines that are linked.
func pair() (a, b *Mesh) {
	a, b = &Mesh{}, &Mesh{}
	a.Hear(welcome(1, 2, 4, 2))
	b.Hear(welcome(2, 2, 4, 1))
	a.Opened(2)
	b.Opened(1)
	orders(a)
	orders(b)
	return a, b
}

// post carries what a says to b, and tells how many lines that were.
func post(a, b *Mesh) (lines [][]byte) {
	for o, ok := a.Next(); ok; o, ok = a.Next() {
		if o.Kind == Post {
			lines = append(lines, o.Payload)
			b.Posted(a.Self(), o.Payload)
		}
	}
	return lines
}

func heard(m *Mesh) string {
	var s []string
	for l, ok := m.NextLine(); ok; l, ok = m.NextLine() {
		s = append(s, fmt.Sprintf("%d/%d %s", l.From, l.Number, l.Text))
	}
	return strings.Join(s, "; ")
}

func TestLines(t *testing.T) {
	a, b := pair()
	if !a.SayText("hi") || !a.SayText("there") || a.SayText("") || a.SayText("\xff") || a.SayText(strings.Repeat("x", MaxText+1)) {
		t.Error("what is text?")
	}
	lines := post(a, b)
	b.Posted(1, lines[0]) // again
	b.Posted(3, lines[0]) // by nobody
	for _, junk := range []string{"", "c", "x\x05hi", "c\x05", "c\x05\xff", "c\x80", "c\x05" + strings.Repeat("x", MaxText+1)} {
		b.Posted(1, []byte(junk))
	}
	if got := heard(b); got != "1/1 hi; 1/2 there" {
		t.Error(got)
	}
	if got := heard(a); got != "1/1 hi; 1/2 there" {
		t.Error(got)
	}
}

// Of whoever floods no more is heard than of whoever is polite, and whoever is polite is
// told so.
func TestAFloodOfLines(t *testing.T) {
	a, b := pair()
	said := 0
	for range 100 {
		if a.SayText("x") {
			said++
		}
	}
	if said != ChatBurst || a.Spoken() != ChatBurst || len(post(a, b)) != ChatBurst {
		t.Errorf("%d were said, %d spent", said, a.Spoken())
	}
	heard(b)
	for n := uint64(100); n < 200; n++ {
		b.Posted(1, append([]byte{chat, byte(n)&0x7f | 0x80, byte(n >> 7)}, 'x'))
	}
	if got := heard(b); got != "" {
		t.Errorf("a liar was heard: %s", got)
	}
	ticks(a, TickRate)
	ticks(b, TickRate)
	for range 5 {
		a.SayText("y")
	}
	if post(a, b); heard(b) != "1/11 y; 1/12 y" {
		t.Error("two a second are heard")
	}
	for range 20 { // Nobody reads: the oldest are lost.
		ticks(a, 10*TickRate)
		ticks(b, 10*TickRate)
		for range ChatBurst {
			a.SayText("z")
		}
		post(a, b)
	}
	if got := strings.Count(heard(b), "z"); got != maxHearing {
		t.Errorf("%d lines wait", got)
	}
}

func FuzzPosted(f *testing.F) {
	f.Add([]byte("c\x01hello"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		_, b := pair()
		b.Posted(1, frame)
		for l, ok := b.NextLine(); ok; l, ok = b.NextLine() {
			if l.From != 1 || l.Number == 0 || l.Text == "" || len(l.Text) > MaxText || !utf8.ValidString(l.Text) {
				t.Fatalf("%+v", l)
			}
		}
	})
}

// The leader says what the room is, and says it again to a server that has
// forgotten; nobody else does.
func TestTheLeaderSays(t *testing.T) {
	leads := func(id protocol.ID, data string) *protocol.Room {
		return &protocol.Room{Leader: id, Data: []byte(data)}
	}
	said := func(m *Mesh) (s string) {
		for o, ok := m.Next(); ok; o, ok = m.Next() {
			if o.Kind == Say && o.Message.Kind == protocol.SetRoom {
				s += fmt.Sprintf("room %s by %d;", o.Message.Room.Data, o.Message.Room.Leader)
			} else if o.Kind == Say && o.Message.Kind == protocol.Kick {
				s += fmt.Sprintf("kick %d;", o.Message.To)
			}
		}
		return s
	}
	a, b := pair()
	for _, m := range []*Mesh{a, b} {
		m.Hear(protocol.Message{Kind: protocol.Update, Room: leads(1, "castle")})
		m.SetRoom(protocol.Room{Data: []byte("moon")})
		m.Kick(2)
		m.Kick(1)
		m.Hear(protocol.Message{Kind: protocol.Update, Room: leads(1, "moon")})
	}
	if s := said(a) + said(b); s != "room moon by 0;kick 2;" {
		t.Error(s)
	}
	for i, m := range []*Mesh{a, b} {
		w := welcome(protocol.ID(i+1), 2, 4, 1, 2)
		w.Room = leads(1, "")
		m.Hear(w)
	}
	if s := said(a) + said(b); s != "room moon by 0;" {
		t.Error("forgotten:", s)
	}
	other := welcome(1, 2, 4)
	other.Code, other.Room = "OTHER", leads(1, "")
	a.Hear(other)
	if s := said(a); s != "" || a.Room().Data != nil && len(a.Room().Data) > 0 {
		t.Error("another room:", s)
	}
}
