package node

import (
	"fmt"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/punchback/punchback/signaling/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A slot of another server's packet is one that a game can have.
func TestSlots(t *testing.T) {
	var n Node
	n.slots = map[string]*slot{}
	for i := range 1000 {
		name := cluster.SlotOf(fmt.Sprint("game", i))
		if n.slot(name) == nil || len(name) > maxSlot {
			t.Fatalf("slot %q", name)
		}
	}
	for _, bad := range []string{"", "64", "-1", "01", "+1", "x"} {
		if n.slot(bad) != nil {
			t.Errorf("%q is a slot", bad)
		}
	}
}

func FuzzPacket(f *testing.F) {
	for _, p := range []packet{{kind: beat}, {kind: out, end: true, conn: 1 << 60, seq: 300, term: 7, slot: "63", body: []byte(`{"kind":"pong"}`)}} {
		f.Add(p.encode())
	}
	f.Add([]byte{})
	f.Add([]byte("h\x00\x01\x01\x01\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decode(b)
		if err != nil {
			return
		}
		q, err := decode(p.encode())
		if err != nil || q.kind != p.kind || q.end != p.end || q.conn != p.conn || q.seq != p.seq || q.term != p.term || q.slot != p.slot || !slices.Equal(q.body, p.body) {
			t.Fatalf("%+v came back as %+v, %v", p, q, err)
		}
	})
}
