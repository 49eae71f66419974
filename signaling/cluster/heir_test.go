//go:build nats

package cluster

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// owner is which of the servers owns a game.
func (s *service) owner(game string) (owner int) {
	s.t.Helper()
	await(s.t, "an owner of "+game, func() bool {
		owner = slices.IndexFunc(s.addrs, func(addr string) bool {
			r, err := http.Get("http://" + addr + "/readyz")
			if err != nil {
				return false
			}
			defer r.Body.Close()
			b, _ := io.ReadAll(r.Body)
			_, slots, _ := strings.Cut(string(b), "\nslots ")
			return slices.Contains(strings.Fields(slots), SlotOf(game))
		})
		return owner >= 0
	})
	return owner
}

// The owner of a game is killed, and the first who comes to the next one is a
// stranger, or was kicked: neither gets in. Whoever reloads is back by the code, and
// the leader finds the room as it was.
func TestTheOwnerIsKilledAndNothingIsForgotten(t *testing.T) {
	t.Parallel() // It mostly waits.
	s := startService(t, startNATS(t, oldest(t), 1).urls())
	url := "ws://" + s.front.Addr().String() + "/heirs"
	dial := func(link string) *client.Conn {
		t.Helper()
		c, err := client.Dial(link, client.Options{Build: "1", Fallbacks: []string{"ws://" + s.addrs[0], "ws://" + s.addrs[1], "ws://" + s.addrs[2]}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	hear := func(c *client.Conn, what string, ok func(protocol.Message) bool) (found protocol.Message) {
		t.Helper()
		await(t, what, func() bool {
			for m, more := c.Recv(); more; m, more = c.Recv() {
				if ok(m) {
					found = m
					return true
				}
			}
			return c.Err() != nil
		})
		if c.Err() != nil {
			t.Fatalf("%s: %v", what, c.Err())
		}
		return found
	}
	welcome := func(c *client.Conn) protocol.Message {
		t.Helper()
		return hear(c, "a welcome", func(m protocol.Message) bool { return m.Kind == protocol.Welcome })
	}
	leader := dial(url + "?new&players=2-4")
	w := welcome(leader)
	bad := dial(url + "/" + w.Code)
	out := welcome(bad)
	leader.Send(protocol.Message{Kind: protocol.Kick, To: out.Self})
	await(t, "the end of the kicked member", func() bool { return bad.Err() != nil })
	leader.Send(protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Locked: true, Data: []byte("map 7")}})
	hear(leader, "the lock", func(m protocol.Message) bool { return m.Room != nil && m.Room.Locked })
	left := dial(url + "?new")
	reload := welcome(left)
	left.Close()

	// Notes leave ten times a second and in order, so those of what came before are
	// with all when one of what comes now is.
	owner := s.owner("heirs")
	watch := connect(t, s.nats)
	notes := make(chan string, 1000)
	if err := watch.Listen(func(Lease) {}, func(_ string, b []byte) {
		if b[0] == 'r' { // a note of the owner's
			notes <- string(b)
		}
	}); err != nil {
		t.Fatal(err)
	}
	last := dial("ws://" + s.addrs[owner] + "/heirs?new")
	code := welcome(last).Code
	await(t, "the notes", func() bool {
		for len(notes) > 0 {
			if strings.Contains(<-notes, code) {
				return true
			}
		}
		return false
	})
	s.procs[owner].Process.Kill()
	s.procs[owner].Wait()

	come := func(place string, hello protocol.Message) (m protocol.Message) {
		t.Helper()
		hello.Kind, hello.Build = protocol.Hello, "1"
		await(t, "an answer", func() bool {
			m = ask(t, "ws://"+s.addrs[(owner+1)%3]+"/heirs/"+place, hello)
			return m.Kind == protocol.Welcome || m.Kind == protocol.Error
		})
		return m
	}
	if m := come(w.Code, protocol.Message{}); m.Code != protocol.CodeRoom {
		t.Errorf("a stranger by the code of a locked room: %+v", m)
	}
	if m := come(w.Code, protocol.Message{Resume: out.Token, Self: out.Self}); m.Code != protocol.CodeKicked {
		t.Errorf("the kicked member: %+v", m)
	}
	if m := come(reload.Code, protocol.Message{}); m.Code != reload.Code {
		t.Errorf("who reloads: %+v", m)
	}
	if m := welcome(leader); m.Self != w.Self || m.Room == nil || !m.Room.Locked || string(m.Room.Data) != "map 7" {
		t.Errorf("the leader: %+v", m)
	}
}

// ask is the first answer to a Hello; empty if there is none.
func ask(t *testing.T, link string, hello protocol.Message) (m protocol.Message) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, link, &websocket.DialOptions{Subprotocols: []string{protocol.Version}})
	if err != nil {
		return m
	}
	defer c.CloseNow()
	if c.Write(ctx, websocket.MessageText, protocol.Encode(hello)) != nil {
		return m
	}
	_, b, err := c.Read(ctx)
	if err != nil {
		return m
	}
	if m, err = protocol.Decode(b); err != nil {
		t.Fatal(err)
	}
	return m
}
