package mesh

import (
	"bytes"
	"testing"

	"github.com/punchback/punchback/signaling/protocol"
)

// FuzzHear feeds a mesh what a broken or hostile server might say, one message
// a line: nothing panics, and neither peers nor orders grow without bound.
func FuzzHear(f *testing.F) {
	f.Add([]byte(`{"kind":"welcome","self":2,"min":2,"max":2,"round":1,"members":[{"id":1},{"id":2}]}
{"kind":"signal","from":1,"payload":"AWE="}
{"kind":"signal","from":1,"payload":"AmE="}
{"kind":"signal","from":1,"payload":"AANuYXN0eQ=="}
{"kind":"update","members":[{"id":3},{"id":0}],"round":2}
{"kind":"start","match":{"round":1,"seats":[1,2],"seed":"1","nonce":"AAAAAAAAAAAAAAAAAAAAAA=="}}
{"kind":"left","from":1}
{"kind":"welcome","self":9}`))
	f.Fuzz(func(t *testing.T, lines []byte) {
		var m Mesh
		for line := range bytes.Lines(lines) {
			if msg, err := protocol.Decode(line); err == nil {
				m.Hear(msg)
			}
			for o, ok := m.Next(); ok; o, ok = m.Next() {
				if o.Kind == Open && o.Peer%2 == 0 {
					m.Opened(o.Peer)
				} else if o.Kind == Open && o.Peer%3 == 0 {
					m.Ban(o.Peer, "no")
				} else if o.Kind == Open {
					m.Closed(o.Peer, "no")
				}
			}
			m.Tick()
			if n := len(m.Peers(nil)); n > protocol.MaxMembers {
				t.Fatalf("%d peers", n)
			}
			m.EndMatch()
		}
	})
}
