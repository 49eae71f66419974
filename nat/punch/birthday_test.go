//go:build !js

package punch

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"
)

// Sockets that nobody has told of each other meet, if enough of them are there:
// here without a NAT, so that the ports are the sockets' own. The link goes over
// to the two that have met.
func TestSocketsMeet(t *testing.T) {
	near = func() bool { return true }
	t.Cleanup(func() { near = func() bool { return false } })
	here := netip.MustParseAddr("127.0.0.1")
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: here.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	hard, easy := bareRound(t), bareRound(t)
	var known sync.WaitGroup
	known.Go(func() { hard.knockFrom(manySockets, at, birthdayWord{From: here.String()}) })
	if !easy.guess(conn, birthdayWord{From: here.String(), Low: 32768, High: 65535}) {
		t.Fatal("no guess was right") // of 2,000, each with a chance of 1 in 128
	}
	known.Wait()
	a, b := hard.won(), easy.won()
	if a == nil || b == nil {
		t.Fatalf("%v and %v have met", a, b)
	}
	defer a.conn.Close()
	defer b.conn.Close()
	if a.conn.LocalAddr().String() != b.remote.String() || a.remote != at {
		t.Errorf("%v is met at %v, and %v at %v", a.conn.LocalAddr(), b.remote, at, a.remote)
	}
	var ends [2]*pipe
	var links [2]*Link
	for i, s := range []*socket{a, b} {
		l, _ := bareLink(Limits{})
		p, _ := l.paths.try(1)
		l.state, l.paths.current = Connecting, nil
		if p.pipe, err = newPipe(&l.o, events{l, p}, s); err != nil {
			t.Fatal(err)
		}
		defer p.pipe.close()
		links[i], ends[i] = l, p.pipe
	}
	offer, err := ends[0].offer()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ends[1].answer(offer)
	if err != nil {
		t.Fatal(err)
	}
	if err := ends[0].accept(answer); err != nil {
		t.Fatal(err)
	}
	ends[0].add(a.candidate())
	ends[1].add(b.candidate())
	for _, l := range links {
		for l.State() != Open {
			select {
			case <-l.wake:
			case <-time.After(20 * time.Second):
				t.Fatal("the sockets have met, and the link is not open")
			}
		}
	}
	if s, ok := ends[0].selected(); !ok || s.remote.kind() == "relay" {
		t.Errorf("the link goes by %+v", s)
	}
}

// What a round is asked to do by the other end stays within bounds.
func TestARoundKeepsToItsBounds(t *testing.T) {
	for _, a := range []string{"127.0.0.1", "10.0.0.1", "224.0.0.1", "0.0.0.0", "255.255.255.255", "169.254.169.254", "::1", "2001:db8::1"} {
		if far(netip.MustParseAddr(a)) {
			t.Errorf("packets would go to %s", a)
		}
	}
	if !far(netip.MustParseAddr("203.0.113.5")) {
		t.Error("packets would not go to 203.0.113.5")
	}
	s := signal{Birthday: &birthdayWord{Secret: make([]byte, 13)}}
	if _, err := decodeSignal(s.encode()); err == nil {
		t.Error("a secret of 13 bytes was taken")
	}
}

// A round has the Probe that it was given ask a few of the link's servers, and none
// where there are none.
func TestARoundAsksItsProbe(t *testing.T) {
	var asked []string
	probe := func(_ context.Context, servers ...string) (public netip.Addr, low, high uint16, err error) {
		asked = servers
		return netip.Addr{}, 0, 0, errors.New("nobody answers")
	}
	one := ICEServer{URLs: []string{"stun:127.0.0.1:1", "turn:127.0.0.1:2", "stun:127.0.0.1:3"}}
	for _, c := range []struct {
		servers []ICEServer
		asked   int
	}{{slices.Repeat([]ICEServer{one}, 9), mostServers}, {[]ICEServer{one}, 2}, {nil, 0}} {
		asked = nil
		r := bareRound(t)
		r.l = &Link{o: Options{Birthday: probe, ICEServers: c.servers}, wake: make(chan struct{}, 1)}
		r.run()
		if len(asked) != c.asked || c.asked > 1 && asked[1] != "127.0.0.1:3" {
			t.Errorf("of %d servers %q were asked", len(c.servers), asked)
		}
	}
}

// bareRound is one end of a round that nobody has asked for.
func bareRound(t *testing.T) *birthdayRound {
	r := &birthdayRound{l: &Link{}, secret: secret{1, 2, 3}, heard: make(chan birthdayWord, 4), done: make(chan struct{})}
	r.ctx, r.end = context.WithTimeout(t.Context(), oneRound)
	t.Cleanup(r.close)
	return r
}

// A link has so many rounds, with time between them. The end that answers joins those
// that are new, with a whole secret.
func TestRoundsOfALink(t *testing.T) {
	b := birthday{number: 5, count: 1, began: start0}
	if b.may(start0.Add(betweenRounds-1)) || !b.may(start0.Add(betweenRounds)) {
		t.Error("when may the next round begin?")
	}
	whole := make([]byte, len(secret{}))
	for _, w := range []birthdayWord{{Round: 5, Secret: whole}, {Round: 4, Secret: whole}, {Round: 6}, {Round: 6, Secret: whole[1:]}} {
		if b.joins(&w) {
			t.Errorf("joins %+v", w)
		}
	}
	next := &birthdayWord{Round: 6, Secret: whole}
	if !b.joins(next) {
		t.Error("does not join the next")
	}
	if b.count = mostRounds; b.joins(next) || b.may(start0.Add(time.Hour)) {
		t.Error("there are rounds without end")
	}
	if b.met().round != 0 || b.won(5) != nil {
		t.Error("something was met without a round")
	}
}
