package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

func welcome(self protocol.ID, lo, hi int, others ...protocol.ID) protocol.Message {
	m := protocol.Message{Kind: protocol.Welcome, Self: self, Code: "fox", Min: lo, Max: hi, Round: 1}
	for _, id := range others {
		m.Members = append(m.Members, member(id))
	}
	return m
}

func led(by protocol.ID) protocol.Message {
	return protocol.Message{Kind: protocol.Update, Room: &protocol.Room{Leader: by}}
}

func member(id protocol.ID) protocol.Member {
	return protocol.Member{ID: id, Name: fmt.Sprintf("p%d", id), Round: 1}
}

func came(id protocol.ID) protocol.Message {
	return protocol.Message{Kind: protocol.Update, Members: []protocol.Member{member(id)}}
}

func away(id protocol.ID) protocol.Message {
	m := came(id)
	m.Members[0].Away = true
	return m
}

func gone(id protocol.ID) protocol.Message {
	return protocol.Message{Kind: protocol.Left, From: id}
}

func start(round int, seats ...protocol.ID) protocol.Message {
	return protocol.Message{Kind: protocol.Start, Match: &protocol.Match{Round: round, Seats: seats, Nonce: make([]byte, 16)}}
}

// orders reads what a mesh wants, as words.
func orders(m *Mesh) string {
	var words []string
	for o, ok := m.Next(); ok; o, ok = m.Next() {
		switch o.Kind {
		case Open:
			words = append(words, fmt.Sprintf("open %d offer=%t", o.Peer, o.Offer))
		case Close:
			words = append(words, fmt.Sprintf("close %d", o.Peer))
		case Signal:
			words = append(words, fmt.Sprintf("signal %d %s", o.Peer, o.Payload))
		case Start:
			words = append(words, fmt.Sprintf("start %d", o.Match.Round))
		case Anew:
			words = append(words, "anew")
		case Say:
			if s := o.Message; s.Kind == protocol.State {
				words = append(words, fmt.Sprintf("state %d ready=%t %v", s.Round, s.Ready, s.Linked))
			} else if s.Kind == protocol.Kick {
				words = append(words, fmt.Sprintf("kick %d", s.To))
			} else {
				words = append(words, fmt.Sprintf("to %d: %d %s", s.To, s.Payload[0], s.Payload[1:]))
			}
		}
	}
	return strings.Join(words, "; ")
}

func ticks(m *Mesh, n int) {
	for range n {
		m.Tick()
	}
}

// Each story is a line of steps and the orders that the last ones give.
func TestStories(t *testing.T) {
	type step struct {
		do   func(m *Mesh)
		want string
	}
	hear := func(msg protocol.Message, want string) step { return step{func(m *Mesh) { m.Hear(msg) }, want} }
	opened := func(id protocol.ID, want string) step { return step{func(m *Mesh) { m.Opened(id) }, want} }
	closed := func(id protocol.ID, want string) step { return step{func(m *Mesh) { m.Closed(id, "why") }, want} }
	banned := func(id protocol.ID, want string) step { return step{func(m *Mesh) { m.Ban(id, "why") }, want} }
	wait := func(n int, want string) step { return step{func(m *Mesh) { ticks(m, n) }, want} }
	end := func(want string) step { return step{func(m *Mesh) { m.EndMatch() }, want} }
	signal := func(from protocol.ID, payload, want string) step {
		return hear(protocol.Message{Kind: protocol.Signal, From: from, Payload: []byte(payload)}, want)
	}
	inMatch := []step{
		hear(welcome(1, 2, 2, 2), "open 2 offer=false; state 1 ready=true []"),
		opened(2, "state 1 ready=true [2]"),
		hear(start(1, 1, 2), "start 1"),
	}
	for name, steps := range map[string][]step{
		"the elder answers": {
			hear(welcome(1, 2, 2), "state 1 ready=true []"),
			hear(came(2), "open 2 offer=false"),
			opened(2, "state 1 ready=true [2]"),
			hear(start(1, 1, 2), "start 1"),
		},
		"the younger offers": {
			hear(welcome(3, 2, 2, 2), "open 2 offer=true; state 1 ready=true []"),
		},
		"four link to each": {
			hear(welcome(2, 2, 4, 1, 3), "open 1 offer=true; open 3 offer=false; state 1 ready=false []"),
			hear(came(4), "open 4 offer=false"),
			opened(3, "state 1 ready=false [3]"), opened(1, "state 1 ready=false [1 3]"), opened(4, "state 1 ready=false [1 3 4]"),
			{func(m *Mesh) { m.SetReady(true) }, "state 1 ready=true [1 3 4]"},
			{func(m *Mesh) { m.SetReady(true) }, ""},
		},
		"fresh credentials are for the next link": {
			hear(welcome(1, 2, 2), "state 1 ready=true []"),
			hear(protocol.Message{Kind: protocol.Update, Servers: []protocol.Server{{URLs: []string{"turn:fresh"}}}}, ""),
			hear(came(2), "open 2 offer=false"),
			{func(m *Mesh) {
				if s := m.Servers(); len(s) != 1 || s[0].URLs[0] != "turn:fresh" || m.Round() != 1 {
					panic(fmt.Sprint("servers ", s))
				}
			}, ""},
		},
		"nothing before a welcome": {hear(came(2), ""), hear(start(1, 0), ""), wait(5, "")},
		"one who leaves while connecting": {
			hear(welcome(1, 2, 2, 2), "open 2 offer=false; state 1 ready=true []"),
			hear(gone(2), "close 2"),
			{func(m *Mesh) {
				if d := m.LastLeft(); d.Name != "p2" || d.Link != Connecting {
					panic(fmt.Sprint("departed ", d))
				}
			}, ""},
			hear(came(3), "open 3 offer=false"),
		},
		"a failed link is tried again and again, less and less often": {
			hear(welcome(1, 2, 2, 2), "open 2 offer=false; state 1 ready=true []"),
			closed(2, ""), wait(2, ""), wait(1, "open 2 offer=false; to 2: 2 "), // An empty signal: please offer.
			closed(2, ""), wait(5, ""), wait(1, "open 2 offer=false; to 2: 3 "),
			closed(2, ""), wait(12, "open 2 offer=false; to 2: 4 "), closed(2, ""), wait(24, "open 2 offer=false; to 2: 5 "),
			closed(2, ""), wait(48, "open 2 offer=false; to 2: 6 "), closed(2, ""), wait(96, "open 2 offer=false; to 2: 7 "),
			closed(2, ""), wait(maxRetry-1, ""), wait(1, "open 2 offer=false; to 2: 8 "), closed(2, ""), wait(maxRetry, "open 2 offer=false; to 2: 9 "),
			opened(2, "state 1 ready=true [2]"), closed(2, "state 1 ready=true []"), wait(3, "open 2 offer=false; to 2: 10 "),
		},
		"nobody tries while the other is away, and both do at once when it is back": {
			hear(welcome(2, 2, 2, 1), "open 1 offer=true; state 1 ready=true []"),
			closed(1, ""), wait(3, "open 1 offer=true"), closed(1, ""), wait(6, "open 1 offer=true"),
			hear(away(1), ""), closed(1, ""), wait(1000, ""),
			{func(m *Mesh) {
				if p := m.Peers(nil)[0]; p.Tries != 2 || p.Gone != 1000 {
					panic(fmt.Sprintf("%+v", p))
				}
			}, ""},
			hear(came(1), ""), wait(1, "open 1 offer=true"),
			{func(m *Mesh) {
				if p := m.Peers(nil)[0]; p.Tries != 0 || p.Gone != 0 {
					panic(fmt.Sprintf("%+v", p))
				}
			}, ""},
		},
		"nor while the server is": {
			hear(welcome(2, 2, 2, 1), "open 1 offer=true; state 1 ready=true []"),
			{func(m *Mesh) { m.Server(false) }, ""}, closed(1, ""), wait(1000, ""),
			{func(m *Mesh) { m.Server(true) }, ""}, wait(1, "open 1 offer=true"),
		},
		"left out of a match, and in the next": {
			hear(welcome(3, 2, 3, 1, 2), "open 1 offer=true; open 2 offer=true; state 1 ready=false []"),
			opened(2, "state 1 ready=false [2]"), closed(1, ""),
			hear(start(1, 1, 2), "state 2 ready=false [2]"),
			{func(m *Mesh) {
				if l := m.LeftOut(); l == nil || l.Round != 1 || m.Match() != nil {
					panic(fmt.Sprint("left out of ", l))
				}
			}, ""},
			hear(protocol.Message{Kind: protocol.Update, Round: 2, Members: []protocol.Member{{ID: 1, Round: 2}}}, ""),
			hear(protocol.Message{Kind: protocol.Update, Round: 2, Members: []protocol.Member{{ID: 2, Round: 2}}}, ""),
			{func(m *Mesh) {
				if l := m.LeftOut(); l != nil {
					panic(fmt.Sprint("left out of ", l))
				}
			}, ""},
			hear(start(2, 1, 2, 3), "start 2"),
			hear(start(3, 1, 2), ""), // They went on while it looked at the end.
			end("state 4 ready=false [2]"),
		},
		"the other end's next try is ours": {
			hear(welcome(2, 2, 2, 1), "open 1 offer=true; state 1 ready=true []"),
			signal(1, "\x01hi", "signal 1 hi"),
			wait(5, ""),
			signal(1, "\x02ho", "close 1; open 1 offer=true; signal 1 ho"),
			signal(1, "\x01late", ""), signal(1, "", ""), signal(1, "\xff", ""), signal(7, "\x02who", ""),
		},
		"tries in a flood are not followed": {
			hear(welcome(1, 2, 2, 2), "open 2 offer=false; state 1 ready=true []"),
			opened(2, "state 1 ready=true [2]"), hear(start(1, 1, 2), "start 1"),
			signal(2, "\x02a", "close 2; state 1 ready=true []"), signal(2, "\x03a", ""), signal(2, "\x04a", ""),
			wait(3, "open 2 offer=false; to 2: 4 "),
		},
		"leaving the server is not leaving the match": append(slices.Clone(inMatch),
			hear(gone(2), "state 1 ready=true []"),
			wait(200, ""),
			closed(2, ""), wait(10, ""), // It is gone for good now.
			end("state 2 ready=true []"),
		),
		"who left is forgotten after the match": append(slices.Clone(inMatch),
			hear(gone(2), "state 1 ready=true []"), end("close 2; state 2 ready=true []")),
		"a link lost in mid-match is tried for ever": append(slices.Clone(inMatch),
			closed(2, "state 1 ready=true []"), wait(3, "open 2 offer=false; to 2: 2 "),
			closed(2, ""), wait(6, "open 2 offer=false; to 2: 3 "), closed(2, ""), wait(12, "open 2 offer=false; to 2: 4 "), closed(2, ""), wait(24, "open 2 offer=false; to 2: 5 "),
			opened(2, "state 1 ready=true [2]"),
		),
		"who is hostile is not linked to again, and the others are told": {
			hear(welcome(1, 3, 3, 2, 3), "open 2 offer=false; open 3 offer=false; state 1 ready=true []"),
			opened(2, "state 1 ready=true [2]"), opened(3, "state 1 ready=true [2 3]"),
			hear(start(1, 1, 2, 3), "start 1"),
			banned(2, "to 3: 0 \x02why; state 1 ready=true [3]"), banned(2, ""),
			signal(2, "\x02a", ""), closed(2, ""), wait(100, ""),
			hear(came(4), "open 4 offer=false; to 4: 0 \x02why"),
			hear(gone(2), ""), hear(came(2), ""), // Back under its number.
			end("state 2 ready=true [3]"), wait(100, ""),
		},
		"the leader kicks the member that it banned, after the match": {
			hear(welcome(1, 3, 3, 2, 3), "open 2 offer=false; open 3 offer=false; state 1 ready=true []"), hear(led(1), ""),
			opened(2, "state 1 ready=true [2]"), opened(3, "state 1 ready=true [2 3]"),
			hear(start(1, 1, 2, 3), "start 1"),
			banned(2, "to 3: 0 \x02why; state 1 ready=true [3]"), wait(100, ""),
			end("kick 2; state 2 ready=true [3]"), hear(gone(2), ""), hear(came(2), "kick 2"),
			banned(3, "kick 2; kick 3; state 2 ready=true []"),
		},
		"and who comes to lead does so, too": {
			hear(welcome(2, 3, 3, 1, 3), "open 1 offer=true; open 3 offer=false; state 1 ready=true []"), hear(led(1), ""),
			banned(3, "to 1: 0 \x03why"), wait(100, ""),
			hear(led(2), "kick 3"), hear(led(2), ""),
		},
		"who banned an elder stays, and is linked to the others": {
			hear(welcome(2, 2, 2, 1), "open 1 offer=true; state 1 ready=true []"),
			opened(1, "state 1 ready=true [1]"),
			banned(1, "state 1 ready=true []"),
		},
		"and plays its match to the end first": {
			hear(welcome(3, 3, 3, 1, 2), "open 1 offer=true; open 2 offer=true; state 1 ready=true []"),
			opened(1, "state 1 ready=true [1]"), opened(2, "state 1 ready=true [1 2]"),
			hear(start(1, 1, 2, 3), "start 1"),
			banned(1, "to 2: 0 \x01why; state 1 ready=true [2]"), wait(100, ""),
			end("state 2 ready=true [2]"),
		},
		"what others tell bans nobody": append(slices.Clone(inMatch[:1]),
			hear(came(3), "open 3 offer=false"),
			signal(3, "\x00\x02it floods", ""), signal(3, "\x00\x03itself", ""), signal(3, "\x00\x09nobody", ""), signal(3, "\x00", ""),
			signal(3, "\x00\x02"+strings.Repeat("x", 201), ""),
			step{func(m *Mesh) {
				if p := m.Peers(nil); p[0].Told != "it floods" || p[0].Teller != 3 || p[0].Link != Connecting || p[1].Told != "" {
					panic(fmt.Sprint("told ", p))
				}
			}, ""}),
		"a rematch over the same link": append(slices.Clone(inMatch),
			hear(start(1, 1, 2), ""), end("state 2 ready=true [2]"), end(""),
			hear(start(1, 1, 2), ""), hear(start(2, 2, 1), "start 2"), end("state 3 ready=true [2]")),
		"a start that is not ours": append(slices.Clone(inMatch[:2]), hear(start(1, 2, 3), "state 2 ready=true [2]"), hear(protocol.Message{Kind: protocol.Start}, "")),
		"a new server that knows nobody yet": append(slices.Clone(inMatch), end("state 2 ready=true [2]"),
			hear(welcome(1, 2, 2), "state 2 ready=true [2]"), wait(missingTicks-1, ""), hear(came(2), ""), wait(missingTicks, "")),
		"a member that does not come back": append(slices.Clone(inMatch), end("state 2 ready=true [2]"),
			hear(welcome(1, 2, 2), "state 2 ready=true [2]"), wait(missingTicks, "close 2; state 2 ready=true []")),
		"a new server in mid-match": append(slices.Clone(inMatch),
			hear(welcome(1, 2, 2), "state 1 ready=true [2]"), wait(missingTicks, "state 1 ready=true []"), wait(100, "")),
		"numbered anew in mid-match": append(slices.Clone(inMatch),
			hear(welcome(7, 2, 2, 1), ""), hear(came(9), ""), hear(gone(2), ""), wait(10, ""),
			hear(protocol.Message{Kind: protocol.Welcome, Self: 7, Code: "fox", Resumed: true}, ""), end("anew"), wait(10, ""),
			hear(welcome(7, 2, 2, 9), "close 2; open 9 offer=false; state 1 ready=true []")),
		"numbered anew, and then as before": append(slices.Clone(inMatch),
			hear(welcome(7, 2, 2, 1), ""), hear(welcome(1, 2, 2, 2), "state 1 ready=true [2]"), end("state 2 ready=true [2]")),
		"the same number in another room": append(slices.Clone(inMatch[:2]),
			hear(func() protocol.Message { w := welcome(1, 2, 2, 2); w.Code = "owl"; return w }(), "close 2; open 2 offer=false; state 1 ready=true []")),
		"numbered anew between matches": append(slices.Clone(inMatch), end("state 2 ready=true [2]"),
			hear(welcome(7, 2, 2, 8), "close 2; open 8 offer=false; state 1 ready=true []")),
		"a start that was missed comes with the welcome": {
			hear(func() protocol.Message {
				w := welcome(1, 2, 2, 2)
				w.Match = start(1, 1, 2).Match
				w.Round = 2
				return w
			}(),
				"open 2 offer=false; start 1; state 1 ready=true []"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			var m Mesh
			for i, s := range steps {
				s.do(&m)
				if got := orders(&m); got != s.want {
					t.Fatalf("step %d:\n got %q\nwant %q", i, got, s.want)
				}
			}
		})
	}
}

// Whoever is linked to many tells of all: those who hold no place in the room may
// have the lowest numbers.
func TestAllLinksAreTold(t *testing.T) {
	var m Mesh
	var others []protocol.ID
	for id := protocol.ID(1); id < protocol.MaxMembers; id++ {
		others = append(others, id)
	}
	m.Hear(welcome(protocol.MaxMembers, 2, 8, others...))
	for _, id := range others {
		m.Opened(id)
	}
	told := orders(&m)
	if want := fmt.Sprintf("ready=false %v", others); !strings.HasSuffix(told, want) {
		t.Errorf("%s", told)
	}
}
