//go:build !js

package punch

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// slow is how much longer than its figure a thing may take before a test calls
// it broken: the figure is printed, and the machine that tests may be busy.
const slow = 8

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		play(role) // see attack_test.go
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// ends are two Links in one process whose signals travel by carry.
type ends struct {
	t     testing.TB
	link  [2]*Link
	news  chan struct{}
	carry func(from int, signal []byte) [][]byte // what arrives of it; nil is everything, once
}

func meet(t testing.TB, o [2]Options, carry func(from int, signal []byte) [][]byte) *ends {
	t.Helper()
	e := &ends{t: t, news: make(chan struct{}, 1), carry: carry}
	for i := range o {
		o[i].Offer = i == 0
		also := o[i].Notify
		o[i].Notify = func() {
			select {
			case e.news <- struct{}{}:
			default:
			}
			if also != nil {
				also()
			}
		}
		l, err := New(o[i])
		if err != nil {
			t.Fatal(err)
		}
		e.link[i] = l
		t.Cleanup(func() { _ = l.Close() })
	}
	return e
}

// until carries signals until it is true.
func (e *ends) until(what string, is func() bool) {
	e.t.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !is() {
		for i, l := range e.link {
			for {
				s, ok := l.NextSignal()
				if !ok {
					break
				}
				arrive := [][]byte{s}
				if e.carry != nil {
					arrive = e.carry(i, s)
				}
				for _, s := range arrive {
					if err := e.link[1-i].Signal(s); err != nil {
						e.t.Fatal(err)
					}
				}
			}
		}
		select {
		case <-e.news:
		case <-look.C:
		case <-late.C:
			e.t.Fatalf("not %s: %+v\n%+v", what, e.link[0].Report(), e.link[1].Report())
		}
	}
}

func (e *ends) open() {
	e.until("open", func() bool { return e.link[0].State() == Open && e.link[1].State() == Open })
}

func TestTwoEndsMeet(t *testing.T) {
	e := meet(t, [2]Options{}, nil)
	e.open()
	t.Logf("open in %v", e.link[0].Report().Connect)
	got := make([]byte, MaxPacket)
	for i, l := range e.link {
		packet := fmt.Appendf(nil, "packet of %d", i)
		message := fmt.Appendf(nil, "message of %d", i)
		if err := l.SendMessage(message); err != nil {
			t.Fatal(err)
		}
		n := 0
		e.until("a packet", func() (ok bool) { l.Send(packet); n, ok = e.link[1-i].Recv(got); return })
		if !bytes.Equal(got[:n], packet) {
			t.Errorf("packet %q, want %q", got[:n], packet)
		}
		var m []byte
		e.until("a message", func() (ok bool) { m, ok = e.link[1-i].RecvMessage(); return })
		if !bytes.Equal(m, message) {
			t.Errorf("message %q, want %q", m, message)
		}
	}
	e.until("told", func() bool { return e.link[0].Report().Path == Direct && e.link[1].Report().Path == Direct })
	t.Log(e.link[0].Report().Reason)
	begin := time.Now()
	_ = e.link[0].Close()
	e.until("closed", func() bool { return e.link[1].State() == Closed })
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("the other end noticed a Close after %v", took)
	}
	if err := e.link[1].Err(); err != ErrGone {
		t.Errorf("the other end's Err is %v", err)
	}
	if err := e.link[0].Err(); err != nil {
		t.Errorf("Err after Close is %v", err)
	}
}

// Signals are lost, doubled and reordered by a seed; no pair may wedge.
func TestSignalsMayBeLostDoubledAndReordered(t *testing.T) {
	pairs := 60
	if testing.Short() {
		pairs = 10
	}
	patient := Options{Timeout: 50 * time.Second} // Of many seeds some lose a lot, and a machine may be busy.
	for seed := range pairs {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel() // they wait for repeats, and need no time of the processor
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			var late [2][][]byte
			e := meet(t, [2]Options{patient, patient}, func(from int, s []byte) (arrive [][]byte) {
				switch r.IntN(4) {
				case 0: // lost
				case 1:
					arrive = [][]byte{s, s}
				case 2: // overtaken by the next
					late[from] = append(late[from], s)
				default:
					arrive = append([][]byte{s}, late[from]...)
					late[from] = nil
				}
				return arrive
			})
			e.open()
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	l, err := New(Options{Offer: true, Timeout: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := &ends{t: t, link: [2]*Link{l, l}, carry: func(int, []byte) [][]byte { return nil }}
	e.until("closed", func() bool { return l.State() == Closed })
	if err := l.Err(); err == nil || !strings.Contains(err.Error(), "no answer from the other side in 500ms") || !strings.Contains(err.Error(), "ours: host") {
		t.Errorf("Err is %v", err)
	}
}

// The longest message that Limits allow arrives, and New refuses to promise more.
func TestTheLongestMessage(t *testing.T) {
	if _, err := New(Options{Limits: Limits{Message: MaxMessage + 1}}); err == nil || err.Error() != "punch: Limits.Message is 65537, the limit is 65536" {
		t.Errorf("New says %v", err)
	}
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		n.link(Options{ICEServers: servers(), Limits: Limits{Message: MaxMessage}})
		r := rand.New(rand.NewPCG(1, 2))
		lost := func() bool { return r.IntN(50) == 0 }
		n.lost.Store(&lost)
		for i := range 3 {
			m := bytes.Repeat([]byte{byte(i)}, MaxMessage)
			begin := time.Now()
			for n.links[0].SendMessage(m) != nil && time.Since(begin) < time.Minute { // until the one before is acknowledged
				time.Sleep(time.Second / 60)
			}
			for ; ; time.Sleep(time.Second / 60) {
				n.links[0].Send([]byte("meanwhile"))
				if got, ok := n.links[1].RecvMessage(); ok {
					if !bytes.Equal(got, m) {
						t.Errorf("%d bytes came, not those that were sent", len(got))
					}
					break
				}
				if time.Since(begin) > time.Minute {
					t.Fatalf("message %d has not come: %v", i, n.links[0].Report().Reason)
				}
			}
		}
	})
}
