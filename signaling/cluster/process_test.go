//go:build nats

package cluster

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// service is three signaling servers, as programs, and what stands before them.
type service struct {
	t     *testing.T
	bin   string
	nats  string
	addrs []string
	procs []*exec.Cmd
	front *front
}

func startService(t *testing.T, nats string) *service {
	t.Helper()
	s := &service{t: t, nats: nats, bin: filepath.Join(t.TempDir(), "signaling")}
	if out, err := exec.Command("go", "build", "-o", s.bin, "..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if info, err := os.Stat(s.bin); err != nil || info.Size() > 20<<20 {
		t.Errorf("the program is larger than 20 MB: %v, %v", info.Size(), err)
	}
	for _, p := range freePorts(t, 3) {
		s.addrs = append(s.addrs, fmt.Sprint("127.0.0.1:", p))
		s.procs = append(s.procs, nil)
	}
	for i := range s.addrs {
		s.start(i, nats)
	}
	s.front = newFront(t, s.addrs)
	return s
}

// start starts one of them, which meets the others at that NATS.
func (s *service) start(i int, nats string) {
	s.t.Helper()
	s.procs[i] = launch(s.t, exec.Command(s.bin, "-addr", s.addrs[i], "-turn", "off", "-nats", nats, "-v"), "signaling at")
}

// stop stops one as an operator does.
func (s *service) stop(i int) {
	s.procs[i].Process.Signal(syscall.SIGTERM)
	s.procs[i].Wait()
}

// front is what stands before servers: every connection goes to the next one
// that accepts it.
type front struct {
	net.Listener
	mu   sync.Mutex
	to   []string
	next int
	off  bool // it is cut
	on   map[net.Conn]bool
}

func newFront(t *testing.T, to []string) *front {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{Listener: l, to: to, on: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer a.Close()
				b := f.dial()
				if b == nil {
					return
				}
				f.keep(a, b, true)
				defer f.keep(a, b, false)
				wg.Go(func() { io.Copy(b, a); b.Close() })
				io.Copy(a, b)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		f.cut(true)
		wg.Wait()
	})
	return f
}

// keep notes two ends of a line, or closes them.
func (f *front) keep(a, b net.Conn, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on && !f.off {
		f.on[a], f.on[b] = true, true
		return
	}
	a.Close()
	b.Close()
	delete(f.on, a)
	delete(f.on, b)
}

// cut cuts all lines, and lets none through until it is put back.
func (f *front) cut(off bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = off
	if off {
		for c := range f.on {
			c.Close()
		}
	}
}

func (f *front) dial() net.Conn {
	for range f.to {
		f.mu.Lock()
		f.next++
		to, off := f.to[f.next%len(f.to)], f.off
		f.mu.Unlock()
		if off {
			return nil
		}
		if c, err := net.Dial("tcp", to); err == nil {
			return c
		}
	}
	return nil
}

// gamer is one client: it signals to its partner at its pace, and notes what it
// hears.
type gamer struct {
	*client.Conn
	wake    chan struct{}
	self    protocol.ID
	renamed int // how often its number changed: its links would be lost
	left    int // how often it was told that its partner has left
	doubled int // signals that came again, as they may from a room that was forgotten
	last    uint64
	heard   atomic.Int64       // when it last heard its partner, in Unix ns
	took    chan time.Duration // how long signals to it were under way, as many as it can hold
	joined  atomic.Int64       // when it was last welcomed, in Unix ns
}

func play(t *testing.T, link string, pace time.Duration, wg *sync.WaitGroup, over context.Context) *gamer {
	t.Helper()
	g := &gamer{wake: make(chan struct{}, 1), took: make(chan time.Duration, 200)}
	c, err := client.Dial(link, client.Options{Build: "1", Notify: func() {
		select {
		case g.wake <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	g.Conn = c
	wg.Go(func() {
		defer c.Close()
		tick := time.NewTicker(pace)
		defer tick.Stop()
		var partner protocol.ID
		for n := uint64(0); ; {
			select {
			case <-over.Done():
				return
			case <-tick.C:
				if partner != 0 && c.Up() {
					n++
					b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, n), uint64(time.Now().UnixNano()))
					c.Send(protocol.Message{Kind: protocol.Signal, To: partner, Payload: append(b, make([]byte, 500)...)})
				}
			case <-g.wake:
			}
			for m, ok := c.Recv(); ok; m, ok = c.Recv() {
				switch m.Kind {
				case protocol.Welcome:
					if g.self != 0 && g.self != m.Self {
						g.renamed++
					}
					g.self = m.Self
					g.joined.Store(time.Now().UnixNano())
					for _, o := range m.Members {
						if o.ID != m.Self {
							partner = o.ID
						}
					}
				case protocol.Update:
					if len(m.Members) > 0 {
						partner = m.Members[0].ID
					}
				case protocol.Left:
					g.left++
				case protocol.Signal:
					k := binary.BigEndian.Uint64(m.Payload)
					if k <= g.last {
						g.doubled++
					}
					g.last = max(g.last, k)
					g.heard.Store(time.Now().UnixNano())
					select {
					case g.took <- time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(m.Payload[8:])))):
					default:
					}
				}
			}
		}
	})
	return g
}

// crowd is many of them, two in a room, in several games.
type crowd struct {
	t    *testing.T
	all  []*gamer
	over context.CancelFunc
	wg   sync.WaitGroup
}

// match is one of two in a real match, over a real link: it sends sixty packets
// a second, and notes the longest time without one from its partner.
type match struct {
	*rtc.Match
	opened  time.Duration // how long the link took
	packets int
	quiet   time.Duration
}

func (m *match) play(over context.Context) {
	self, other := m.Config().Self, netcode.Peer(0)
	for _, p := range m.Config().Seats {
		if p != self {
			other = p
		}
	}
	tick := time.NewTicker(time.Second / 60)
	defer tick.Stop()
	last := time.Now()
	for b := make([]byte, 1500); over.Err() == nil; <-tick.C {
		m.Send(other, []byte("are you there"))
		for _, _, ok := m.Recv(b); ok; _, _, ok = m.Recv(b) {
			m.packets++
			last = time.Now()
		}
		m.quiet = max(m.quiet, time.Since(last))
	}
}

// matches starts real matches, of two each. What end returns is what they have seen.
func (s *service) matches(pairs int) (end func() []*match) {
	s.t.Helper()
	over, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var all []*match
	var rooms []*rtc.Room
	for i := range 2 * pairs {
		r, err := rtc.Join(fmt.Sprintf("ws://%s/real%d/M%d", s.front.Addr(), i/2, i/2), &rtc.Options{Build: "1"})
		if err != nil {
			s.t.Fatal(err)
		}
		rooms = append(rooms, r)
	}
	for _, r := range rooms {
		waiting, cancel := context.WithTimeout(context.Background(), time.Minute)
		m, err := r.WaitMatch(waiting)
		cancel()
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, &match{Match: m})
	}
	for _, m := range all {
		m.opened = m.link().Connect
		wg.Go(func() { m.play(over) })
	}
	end = sync.OnceValue(func() []*match {
		stop()
		wg.Wait()
		return all
	})
	s.t.Cleanup(func() {
		end()
		for _, r := range rooms {
			r.Close()
		}
	})
	return end
}

// link is what is known of the link to the partner.
func (m *match) link() punch.Report {
	for p, peer := range m.Config().Seats {
		if peer != m.Config().Self {
			return m.Peer(netcode.Player(p))
		}
	}
	panic("a match of one")
}

// number is how many clients take part: fewer on a machine that has other things to do.
func number() int {
	if n, err := strconv.Atoi(os.Getenv("PUNCHBACK_CLIENTS")); err == nil {
		return n
	}
	return 200
}

func (s *service) crowd(n int, pace time.Duration) *crowd {
	s.t.Helper()
	c := &crowd{t: s.t}
	var over context.Context
	over, c.over = context.WithCancel(context.Background())
	s.t.Cleanup(func() { c.over(); c.wg.Wait() })
	for i := range n {
		c.all = append(c.all, play(s.t, fmt.Sprintf("ws://%s/game%d/R%d", s.front.Addr(), i/2%12, i/2), pace, &c.wg, over))
	}
	c.talk(time.Now())
	return c
}

// talk waits until everybody has heard their partner since then, and tells
// when the last of them first did.
func (c *crowd) talk(since time.Time) time.Duration {
	c.t.Helper()
	first := make([]time.Duration, len(c.all))
	await(c.t, "everybody to be heard", func() bool {
		for i, g := range c.all {
			if err := g.Err(); err != nil {
				c.t.Fatalf("client %d: %v", i, err)
			}
			if h := g.heard.Load() - since.UnixNano(); first[i] == 0 && h > 0 {
				first[i] = time.Duration(h)
			}
		}
		return !slices.Contains(first, 0)
	})
	return slices.Max(first)
}

// back tells how many were welcomed since then, and when the last was.
func (c *crowd) back(since time.Time) (n int, last time.Duration) {
	for _, g := range c.all {
		if d := time.Duration(g.joined.Load() - since.UnixNano()); d > 0 {
			n, last = n+1, max(last, d)
		}
	}
	return n, last.Round(time.Millisecond)
}

// end ends them and looks at what each has noted.
func (c *crowd) end() {
	c.t.Helper()
	c.over()
	c.wg.Wait()
	renamed, left, doubled := 0, 0, 0
	for _, g := range c.all {
		renamed, left, doubled = renamed+g.renamed, left+g.left, doubled+g.doubled
	}
	if renamed > 0 || left > len(c.all)/2 { // Of each two the first who ends is told of to the other.
		c.t.Errorf("%d clients were given another number, %d were told that their partner has left", renamed, left)
	}
	c.t.Logf("%d signals came twice", doubled)
}

// One of three is killed under load: its rooms answer again, elsewhere.
func TestOneOfThreeIsKilled(t *testing.T) {
	s := startService(t, startNATS(t, newest(t), 1).urls())
	n := number()
	c := s.crowd(n, time.Duration(n)*time.Millisecond/2) // 2,000 signals a second in all
	for i := range 3 {
		killed := time.Now()
		s.procs[i].Process.Kill()
		s.procs[i].Wait()
		talk := c.talk(killed.Add(100 * time.Millisecond)).Round(time.Millisecond)
		back, last := c.back(killed)
		t.Logf("server %d of 3 was killed under %d clients: the rooms of all %d that it concerned answer again after %v (asked: 3 s), everybody has heard their partner after %v", i, n, back, last, talk)
		s.start(i, s.nats)
		time.Sleep(time.Second) // It is found by those who come.
	}
	c.end()
}

// A server that can't reach NATS any more lets go of its clients, who find
// another; and is a server like any other when it can.
func TestOneOfThreeIsCutOff(t *testing.T) {
	t.Parallel() // It mostly waits.
	n := startNATS(t, newest(t), 1)
	line := newFront(t, []string{strings.TrimPrefix(n.urls(), "nats://")})
	s := startService(t, n.urls())
	s.stop(0)
	s.start(0, "nats://"+line.Addr().String())
	c := s.crowd(60, 100*time.Millisecond)
	began := time.Now()
	line.cut(true)
	talk := c.talk(began.Add(100 * time.Millisecond)).Round(time.Millisecond)
	back, last := c.back(began)
	t.Logf("a server was cut off from NATS: the rooms of all %d that it concerned answer again after %v, everybody has heard their partner after %v", back, last, talk)
	await(t, "the server to say that it is of no use", func() bool { return !ready(s.addrs[0]) })
	line.cut(false)
	await(t, "the server to be of use again", func() bool { return ready(s.addrs[0]) })

	// Newcomers at it find those who came elsewhere.
	var wg sync.WaitGroup
	over, end := context.WithCancel(context.Background())
	a := play(t, "ws://"+s.addrs[0]+"/game1/New", 50*time.Millisecond, &wg, over)
	b := play(t, "ws://"+s.addrs[1]+"/game1/New", 50*time.Millisecond, &wg, over)
	await(t, "the newcomers to meet", func() bool { return a.heard.Load() > 0 && b.heard.Load() > 0 })
	end()
	wg.Wait()
	c.end()
}

func ready(addr string) bool {
	r, err := http.Get("http://" + addr + "/readyz")
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}

// NATS loses one of three while a crowd talks: its rooms wait at most until
// NATS has a leader again, and nothing of them is lost.
func TestNATSLosesAServerUnderLoad(t *testing.T) {
	t.Parallel() // It mostly waits.
	n := startNATS(t, newest(t), 3)
	s := startService(t, n.urls())
	c := s.crowd(60, 100*time.Millisecond)
	js, err := jetstream.New(connect(t, n.urls()).conn)
	if err != nil {
		t.Fatal(err)
	}
	info, err := js.Stream(t.Context(), "KV_punchback")
	if err != nil {
		t.Fatal(err)
	}
	leader, _ := strconv.Atoi(strings.TrimPrefix(info.CachedInfo().Cluster.Leader, "n"))
	killed := time.Now()
	n.servers[leader].Process.Kill()
	// Everybody was heard in what follows the kill once more than rooms can answer from what is held.
	time.Sleep(2 * time.Second)
	talk := c.talk(time.Now())
	back, _ := c.back(killed)
	for _, g := range c.all {
		if g.left+g.renamed > 0 {
			t.Error("somebody has lost their place")
		}
	}
	t.Logf("the leader of the leases was killed: everybody hears their partner again after %v, %d of %d had to come back", (2*time.Second + talk).Round(time.Millisecond), back, len(c.all))
	c.end()
}

// What it costs that a socket ends elsewhere: the time of a signal between two
// who are where their room is, and between two of whom one is not.
func TestAcrossServers(t *testing.T) {
	s := startService(t, startNATS(t, newest(t), 1).urls())
	const pairs, each = 40, 50
	measure := func(game string, two int) (p50, p99 time.Duration) {
		var wg sync.WaitGroup
		over, end := context.WithCancel(context.Background())
		var first []*gamer
		for i := range pairs {
			first = append(first, play(t, fmt.Sprintf("ws://%s/%s/R%d", s.addrs[0], game, i), time.Hour, &wg, over))
		}
		await(t, "members", func() bool { return !slices.ContainsFunc(first, func(g *gamer) bool { return g.joined.Load() == 0 }) })
		for i := range pairs {
			play(t, fmt.Sprintf("ws://%s/%s/R%d", s.addrs[two], game, i), 50*time.Millisecond, &wg, over)
		}
		await(t, "signals", func() bool { return !slices.ContainsFunc(first, func(g *gamer) bool { return len(g.took) < each }) })
		end()
		wg.Wait()
		var all []time.Duration
		for _, g := range first {
			for range each {
				all = append(all, <-g.took)
			}
		}
		slices.Sort(all)
		return all[len(all)/2].Round(time.Microsecond), all[len(all)*99/100].Round(time.Microsecond)
	}
	// The first server to be asked for a game is its owner.
	p50, p99 := measure("here", 0)
	far50, far99 := measure("there", 1)
	t.Logf("a signal takes %v (p99 %v) where the room is, %v (p99 %v) from another server: p99 %.1f times as long (asked: 3)", p50, p99, far50, far99, float64(far99)/float64(p99))
}

// All three are restarted one after another while people come: nobody's number
// changes, nobody is told that somebody left, and everybody who comes gets in.
func TestRollingRestart(t *testing.T) {
	s := startService(t, startNATS(t, newest(t), 1).urls())
	n := number()
	c := s.crowd(n, time.Second)
	end := s.matches(4)
	coming, stop := context.WithCancel(context.Background())
	var late []*gamer
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; coming.Err() == nil; i++ {
			late = append(late, play(t, fmt.Sprintf("ws://%s/game%d/L%d", s.front.Addr(), i/2%12, i/2), time.Second, &c.wg, coming))
			select {
			case <-coming.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	for i := range 3 {
		began := time.Now()
		s.stop(i)
		s.start(i, s.nats)
		t.Logf("server %d was restarted in %v, everybody talks after %v", i, time.Since(began).Round(time.Millisecond), c.talk(began.Add(50*time.Millisecond)).Round(time.Millisecond))
	}
	joins := 0
	await(t, "those who came", func() bool {
		joins = 0
		for _, g := range late[:len(late)-2] {
			if err := g.Err(); err != nil {
				t.Fatalf("a join was lost: %v", err)
			}
			if g.joined.Load() > 0 {
				joins++
			}
		}
		return joins >= len(late)-2 && joins > 0
	})
	c.talk(time.Now())
	for _, g := range c.all {
		if g.left > 0 {
			t.Error("somebody was told that their partner has left")
		}
	}
	stop()
	wg.Wait()
	c.end()
	var quiet time.Duration
	for i, m := range end() {
		r := m.link()
		if r.State != punch.Open || r.Connect != m.opened || m.packets == 0 {
			t.Errorf("player %d of the real matches: %d packets, opened in %v; then %+v", i, m.packets, m.opened, r)
		}
		quiet = max(quiet, m.quiet)
	}
	t.Logf("a rolling restart of three with %d clients and 4 real matches: 0 links and 0 of %d joins lost; in a match the longest time without a packet was %v", n, joins, quiet.Round(time.Millisecond))
}
