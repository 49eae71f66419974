//go:build !js

package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// three are servers of one cluster in this process.
type three struct {
	t       *testing.T
	memory  cluster.Memory
	members []cluster.Cluster
	servers []*server.Server
	urls    []string
	limits  server.Limits
	turn    string
	proxies []netip.Prefix
	log     *slog.Logger
}

func startThree(t *testing.T) *three { return (&three{t: t, turn: "off"}).begin() }

func (c *three) begin() *three {
	for range 3 {
		c.start()
	}
	return c
}

// start starts one more.
func (c *three) start() {
	m := c.memory.Join()
	s, err := server.New(server.Config{Turn: c.turn, Limits: c.limits, Cluster: m, Proxies: c.proxies, Log: c.log})
	if err != nil {
		c.t.Fatal(err)
	}
	h := httptest.NewServer(s)
	c.members, c.servers, c.urls = append(c.members, m), append(c.servers, s), append(c.urls, "ws"+strings.TrimPrefix(h.URL, "http"))
	c.t.Cleanup(func() {
		s.Close()
		h.Close()
		m.Close()
	})
}

// noted returns a function that waits until all servers have been told a note of a
// room that has something in it, since noted was called.
func (c *three) noted(regular string) (await func()) {
	spy := c.memory.Join()
	c.t.Cleanup(func() { spy.Close() })
	has, once, seen := regexp.MustCompile(regular), sync.Once{}, make(chan struct{})
	if err := spy.Listen(func(cluster.Lease) {}, func(_ string, b []byte) {
		if has.Match(b) {
			once.Do(func() { close(seen) })
		}
	}); err != nil {
		c.t.Fatal(err)
	}
	return func() {
		select {
		case <-seen:
		case <-time.After(time.Minute):
			c.t.Fatalf("no note has %s", regular)
		}
	}
}

// meet has two players on the first two servers play a round.
func meet(a, b *player, round int) *protocol.Match {
	a.say(protocol.Message{Kind: protocol.State, Round: round, Linked: []protocol.ID{b.self}})
	b.say(protocol.Message{Kind: protocol.State, Round: round, Linked: []protocol.ID{a.self}})
	ma, mb := a.await(protocol.Start).Match, b.await(protocol.Start).Match
	if fmt.Sprint(*ma) != fmt.Sprint(*mb) || ma.Round != round {
		a.t.Fatalf("%+v, %+v", ma, mb)
	}
	return ma
}

// Whoever's socket ends where, those who ask for the same game at the same
// moment meet: there is one place where that is decided.
func TestStrangersAtThreeServersMeet(t *testing.T) {
	t.Parallel()
	c := startThree(t)
	const pairs = 30
	var all []*player
	for i := range 2 * pairs {
		all = append(all, dial(t, c.urls[i%3]+"/pong", "1"))
	}
	rooms := map[string][]*player{}
	for _, p := range all {
		p.welcome()
		rooms[p.code] = append(rooms[p.code], p)
	}
	owners := 0
	for _, u := range c.urls {
		r, err := http.Get("http" + strings.TrimPrefix(u, "ws") + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(r.Body)
		r.Body.Close()
		owners += strings.Count(string(b), "\npunchback_slots 1\n")
	}
	http.DefaultClient.CloseIdleConnections()
	if owners != 1 {
		t.Errorf("%d servers say that the game is theirs", owners)
	}
	if len(rooms) != pairs {
		t.Errorf("%d strangers are in %d rooms", len(all), len(rooms))
	}
	for code, r := range rooms {
		if len(r) != 2 {
			t.Fatalf("%d in room %s", len(r), code)
		}
		a, b := r[0], r[1]
		for i := range 20 {
			a.say(protocol.Message{Kind: protocol.Signal, To: b.self, Payload: fmt.Append(nil, i)})
		}
		for i := range 20 {
			if s := b.await(protocol.Signal); s.From != a.self || string(s.Payload) != fmt.Sprint(i) {
				t.Fatalf("signal %d is %+v", i, s)
			}
		}
		meet(a, b, 1)
		b.Close()
		a.await(protocol.Left)
	}
}

// The owner of a game is cut off, and so are its clients; they go elsewhere
// and find their room, their numbers and their round.
func TestTheOwnerIsCutOff(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]func(*three, int){
		"cut":     func(c *three, i int) { c.memory.Cut(c.members[i].Self(), true) },
		"stopped": func(c *three, i int) { c.servers[i].Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startThree(t)
			p := newProxy(t, c.urls[0])
			noted := c.noted(`"Code":"A".*"Round":2`)
			a := enter(t, "ws://"+p.Addr().String()+"/pong/A", "1") // So the first server is the owner.
			b := enter(t, c.urls[1]+"/pong/A", "1")
			meet(a, b, 1)
			noted() // The owner tells what it knows ten times a second; what it has not told goes with it.
			p.mu.Lock()
			p.to = strings.TrimPrefix(c.urls[2], "ws://")
			p.mu.Unlock()
			began := time.Now()
			how(c, 0)
			p.cut()
			wa, wb := a.welcome(), b.welcome()
			t.Logf("back after %v", time.Since(began).Round(time.Millisecond))
			if wa.Self != 1 || wb.Self != 2 || wa.Round != 2 || wb.Round != 2 || wa.Resumed || wb.Resumed {
				t.Fatalf("%+v, %+v", wa, wb)
			}
			meet(a, b, 2)
			d := dial(t, c.urls[1]+"/pong/A", "1")
			d.until("a refusal", func() bool { return d.Err() != nil })

			// It comes back and is a server like any other.
			c.memory.Cut(c.members[0].Self(), false)
			if name == "cut" {
				e := enter(t, c.urls[0]+"/pong/B", "1")
				f := enter(t, c.urls[2]+"/pong/B", "1")
				meet(e, f, 1)
			}
		})
	}
}

// Whoever waits alone for anybody is found by the next who comes, also when the
// owner of the game has died meanwhile.
func TestWhoWaitsIsFoundAgain(t *testing.T) {
	t.Parallel()
	c := startThree(t)
	x := enter(t, c.urls[0]+"/pong/X", "1") // So the first server is the owner.
	a := enter(t, c.urls[1]+"/pong", "1")
	c.servers[0].Close()
	a.welcome()
	b := enter(t, c.urls[2]+"/pong", "1")
	if b.code != a.code {
		t.Fatalf("one waits in %s and the other in %s", a.code, b.code)
	}
	meet(a, b, 1)
	x.Close()
}

// The list is the same everywhere, and a leader's word goes everywhere.
func TestOneListAndOneLeader(t *testing.T) {
	t.Parallel()
	c := startThree(t)
	enter(t, c.urls[2]+"/pong/X", "1") // So the third server is the owner.
	a := enter(t, c.urls[0]+"/pong?new", "1")
	a.say(protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Public: true, Meta: map[string]string{"map": "moon"}}})
	for m := a.await(protocol.Update); m.Room == nil || !m.Room.Public; m = a.await(protocol.Update) {
	}
	for i, u := range c.urls {
		rooms, err := client.List(t.Context(), u+"/pong", "1", protocol.Query{Where: []protocol.Term{{Key: "map", Is: "moon"}}})
		if err != nil || len(rooms) != 1 || rooms[0].Code != a.code {
			t.Errorf("server %d: %+v, %v", i, rooms, err)
		}
	}
	b := enter(t, c.urls[1]+"/pong/"+a.code, "1")
	a.say(protocol.Message{Kind: protocol.Kick, To: b.self})
	b.until("the end", func() bool { return b.Err() != nil })
	if code := client.Refusal(b.Err()); code != protocol.CodeKicked {
		t.Error(b.Err())
	}
	for m := a.await(protocol.Left); m.From != b.self; m = a.await(protocol.Left) {
	}
}

// A client that changes servers while its room's owner lives misses nothing.
func TestAnotherServerSameRoom(t *testing.T) {
	t.Parallel()
	c := startThree(t)
	a := enter(t, c.urls[0]+"/pong/A", "1")
	p := newProxy(t, c.urls[1])
	b := enter(t, "ws://"+p.Addr().String()+"/pong/A", "1")
	for i := range 10 {
		p.mu.Lock()
		p.to = strings.TrimPrefix(c.urls[(i+2)%3], "ws://")
		p.mu.Unlock()
		p.cut()
		for j := range 10 {
			a.say(protocol.Message{Kind: protocol.Signal, To: 2, Payload: fmt.Append(nil, 10*i+j)})
		}
	}
	for i := range 100 {
		if s := b.await(protocol.Signal); string(s.Payload) != fmt.Sprint(i) {
			t.Fatalf("signal %d is %q", i, s.Payload)
		}
	}
}

// A server of a cluster has as many rooms as one that is alone, of however many
// parts of the games they are.
func TestRoomsOfAServerOfACluster(t *testing.T) {
	t.Parallel()
	c := &three{t: t, turn: "off", limits: server.Limits{Rooms: 2}}
	c.start()
	enter(t, c.urls[0]+"/a/A", "1")
	b := enter(t, c.urls[0]+"/b/A", "1")
	if cluster.SlotOf("a") == cluster.SlotOf("b") || cluster.SlotOf("c") == cluster.SlotOf("a") {
		t.Fatal("these games are of one slot")
	}
	l := raw(t, c.urls[0]+"/c/A", nil, protocol.Version)
	l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	if m := l.read(); m.Code != protocol.CodeBusy {
		t.Errorf("a third room: %+v", m)
	}
	b.say(protocol.Message{Kind: protocol.Leave})
	b.Close()
	for { // Its end is on its way.
		l := raw(t, c.urls[0]+"/c/A", nil, protocol.Version)
		l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
		if l.read().Kind == protocol.Welcome {
			return
		}
	}
}
