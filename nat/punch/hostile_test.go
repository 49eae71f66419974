//go:build !js

package punch

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// attack lets an attacker connect to a Link of ours and waits until it is open.
func attack(t *testing.T, o Options) (*Link, *attacker) {
	t.Helper()
	a, first, err := newAttacker(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	news := make(chan struct{}, 1)
	o.Notify = func() {
		select {
		case news <- struct{}{}:
		default:
		}
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if err := l.Signal(first); err != nil {
		t.Fatal(err)
	}
	late := time.After(10 * time.Second)
	for l.State() == Connecting {
		for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
			if err := a.hear(s); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case <-news:
		case <-late:
			t.Fatalf("the attacker can't connect: %v", l.Report().Reason)
		}
	}
	<-a.open
	return l, a
}

// A peer that does what none of ours does is out within a quarter of a second,
// with a reason that names what it did, and what it made us keep is bounded.
func TestHostilePeersAreEndedAndNamed(t *testing.T) {
	again := func(send func(), until <-chan struct{}) {
		for {
			select {
			case <-until:
				return
			default:
				send()
			}
		}
	}
	for _, c := range []struct {
		name, reason string
		abuse        func(a *attacker, until <-chan struct{})
	}{
		{"opens a channel", `opened channel "extra"`, func(a *attacker, _ <-chan struct{}) {
			_, _ = a.pc.CreateDataChannel("extra", nil)
		}},
		{"opens channels", "opened channel", func(a *attacker, until <-chan struct{}) {
			again(func() { _, _ = a.pc.CreateDataChannel("extra", nil) }, until)
		}},
		{"floods with empty packets", "more than 240 packets a second", func(a *attacker, until <-chan struct{}) {
			again(func() { _ = a.unreliable.Send(make([]byte, numberSize)) }, until)
		}},
		{"floods with long packets", "bytes a second", func(a *attacker, until <-chan struct{}) {
			b := make([]byte, MaxPacket)
			again(func() { _ = a.unreliable.Send(b) }, until)
		}},
		{"sends a long packet", "packet of more than 1200 bytes", func(a *attacker, _ <-chan struct{}) {
			_ = a.unreliable.Send(make([]byte, MaxPacket+numberSize+1))
		}},
		{"sends a packet without a number", "packet without a number", func(a *attacker, _ <-chan struct{}) { _ = a.unreliable.Send([]byte{1}) }},
		{"sends a long message", "message of more than 16384 bytes", func(a *attacker, _ <-chan struct{}) {
			_ = a.reliable.Send(append([]byte{frameData, 1}, make([]byte, 16<<10+1)...))
		}},
		{"sends a huge message", "message of more than 16384 bytes", func(a *attacker, _ <-chan struct{}) {
			_ = a.reliable.Send(make([]byte, 40_000))
		}},
		{"sends a text packet", "text", func(a *attacker, _ <-chan struct{}) { _ = a.unreliable.SendText("hello") }},
		{"sends a text message", "text", func(a *attacker, _ <-chan struct{}) { _ = a.reliable.SendText("hello") }},
		{"floods with messages", "more than 64 messages a second", func(a *attacker, until <-chan struct{}) {
			again(func() { _ = a.reliable.Send([]byte{frameData, 1}) }, until)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, a := attack(t, Options{Limits: Limits{Inbox: 32}})
			begin := time.Now()
			out := make(chan struct{})
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				c.abuse(a, out)
			}()
			select {
			case <-l.done: // nothing polls meanwhile
			case <-time.After(3 * time.Second):
				t.Errorf("its link did not end")
			}
			close(out)
			took := time.Since(begin)
			<-stopped
			if err := l.Err(); !errors.Is(err, ErrHostile) || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("Err is %v, want %q", err, c.reason)
			}
			if took > 250*time.Millisecond*slow {
				t.Errorf("its link ended after %v", took)
			}
			if l.in.inbox.size > 32 || len(l.in.inbox.slots) > 32 || len(l.mail.received) > 128 {
				t.Errorf("%d packets and %d messages are kept", l.in.inbox.size, len(l.mail.received))
			}
			t.Logf("%v: %v", took.Round(time.Millisecond), l.Err())
		})
	}
}

// A peer that reads nothing costs a bounded queue, and no blocked call.
func TestAPeerThatReadsNothing(t *testing.T) {
	l, _ := attack(t, Options{})
	m := make([]byte, 16<<10)
	var err error
	kept := 0
	for ; err == nil && kept < 4<<20; kept += len(m) {
		err = l.SendMessage(m)
	}
	if err == nil || !strings.Contains(err.Error(), "bytes wait to be sent, the limit is 65536") {
		t.Errorf("after %d bytes SendMessage says %v", kept, err)
	}
	begin := time.Now()
	_ = l.Close()
	if took := time.Since(begin); took > 500*time.Millisecond*slow {
		t.Errorf("Close took %v", took)
	}
}

// Whatever a game sends, and however long nothing of it gets through, it never
// looks hostile to the other end: what a link sends keeps to the Limits.
func TestNoLinkOfOursLooksHostile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		n.link(Options{ICEServers: servers()})
		n.talk()
		sent := 0
		for tick := range 24_000 {
			n.cut.Store(tick%12_000 < 6000) // six seconds, twice
			for i, l := range n.links {
				l.Send([]byte("many a tick"))
				if l.SendMessage([]byte("a message")) == nil {
					sent++
				}
				var p [MaxPacket]byte
				for _, ok := l.Recv(p[:]); ok; _, ok = l.Recv(p[:]) {
				}
				for _, ok := l.RecvMessage(); ok; _, ok = l.RecvMessage() {
				}
				if err := l.Err(); err != nil {
					t.Fatalf("after %d ms end %d closed: %v", tick, i, err)
				}
			}
			time.Sleep(time.Millisecond)
		}
		if sent < 500 {
			t.Errorf("only %d messages were sent", sent)
		}
		t.Logf("%d messages; %+v", sent, n.links[0].Report().Unsent)
	})
}

func TestSignalsOfAHostilePeerAreBounded(t *testing.T) {
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []struct {
		signal []byte
		want   string
	}{
		{bytes.Repeat([]byte(" "), maxSignal+1), "must be at most"},
		{[]byte("{"), "punch: signal"},
		{[]byte(`{"cand":[` + strings.Repeat(`{},`, maxCandidates) + `{}]}`), "candidates in a signal are 49"},
		{fmt.Appendf(nil, `{"cand":[{"c":"%s"}]}`, strings.Repeat("x", maxCandidate+1)), "a candidate is 513 bytes"},
		{[]byte(`{"cand":[{"c":"\u001b[2J"}]}`), "a candidate holds"},
	} {
		if err := l.Signal(c.signal); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Signal(%.40q) says %v, want %q", c.signal, err, c.want)
		}
	}
	// More than can be heard at once is refused; each offer is a lie of its own.
	refused := 0
	for i := range 20_000 {
		if l.Signal((&signal{Attempt: uint64(i + 1), SDP: "v=0\r\n"}).encode()) != nil {
			refused++
		}
		l.mu.Lock()
		if n := len(l.signals.heard); n > maxHeard {
			t.Errorf("%d signals wait", n)
		}
		l.mu.Unlock()
	}
	if refused == 0 {
		t.Error("20,000 signals at once were all heard")
	}
	if l.State() != Connecting {
		t.Errorf("junk ended the link: %v", l.Err())
	}
}

func FuzzDecodeSignal(f *testing.F) {
	f.Add([]byte(`{"attempt":1,"sdp":"v=0","cand":[{"c":"candidate:1 1 udp 1 192.0.2.1 9 typ relay raddr 10.0.0.1 rport 5","m":"0"}]}`))
	f.Add([]byte(`{"attempt":0}`))
	f.Add([]byte(`{"cand":[{"c":"a b c d ::1 f g h raddr"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeSignal(b)
		if err != nil {
			return
		}
		if len(s.SDP) > maxSignal || len(s.Candidates) > maxCandidates {
			t.Fatalf("%d bytes of SDP, %d candidates", len(s.SDP), len(s.Candidates))
		}
		for _, c := range s.Candidates {
			_ = c.String()
			if p, ok := c.private(); ok && p.kind() != "relay" {
				t.Fatalf("%q became %q", c.Text, p.Text)
			}
		}
		if again, err := decodeSignal(s.encode()); err == nil && again.Attempt != s.Attempt {
			t.Fatalf("attempt %d became %d", s.Attempt, again.Attempt)
		}
	})
}
