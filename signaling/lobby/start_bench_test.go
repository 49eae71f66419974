package lobby

import (
	"fmt"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// BenchmarkState is what a State costs: in a room of two who are well, and in
// rooms of as many as there can be whose links are chosen to make the search for
// the largest company long.
func BenchmarkState(b *testing.B) {
	for _, c := range []struct {
		name    string
		members int
		linked  func(a, b int) bool
	}{
		{"two", 2, func(a, b int) bool { return true }},
		{"eight", 8, func(a, b int) bool { return true }},
		{"sixteen in fives", 16, func(a, b int) bool { return a%5 != b%5 }},
		{"sixteen in threes", 16, func(a, b int) bool { return a/3 != b/3 }},
		{"sixteen in pairs", 16, func(a, b int) bool { return a/2 != b/2 }},
	} {
		b.Run(c.name, func(b *testing.B) {
			l := New(Limits{Grace: 1}, counter())
			r := &room{box: l.box, game: "g", code: "A", min: 8, max: 8, round: 1}
			for i := range c.members {
				m := &member{room: r, conn: Conn(i + 1), id: protocol.ID(i + 1), round: 1}
				for j := range c.members {
					if i != j && c.linked(i, j) {
						m.linked = append(m.linked, protocol.ID(j+1))
					}
				}
				r.members = append(r.members, m)
			}
			r.round = protocol.MaxRound // it never starts
			for _, m := range r.members {
				m.round = r.round
			}
			if got := fmt.Sprintf("%b", r.look()); c.members < 9 && len(got) != c.members {
				b.Fatal(got)
			}
			b.ReportAllocs()
			for b.Loop() {
				r.start()
			}
		})
	}
}
