//go:build !js

package punch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/vnet"
	"github.com/pion/turn/v5"

	"github.com/punchback/punchback/nat"
)

// nets are the kinds of networks that a player may sit in, by the words of nat.Kinds.
var nets = map[string]*vnet.NATType{
	"open": nil,
	"cone": {MappingBehavior: vnet.EndpointIndependent, FilteringBehavior: vnet.EndpointIndependent, MappingLifeTime: 30 * time.Second},
	"addr": {MappingBehavior: vnet.EndpointIndependent, FilteringBehavior: vnet.EndpointAddrDependent, MappingLifeTime: 30 * time.Second},
	"port": {MappingBehavior: vnet.EndpointIndependent, FilteringBehavior: vnet.EndpointAddrPortDependent, MappingLifeTime: 30 * time.Second},
	"symm": {MappingBehavior: vnet.EndpointAddrPortDependent, FilteringBehavior: vnet.EndpointAddrPortDependent, MappingLifeTime: 30 * time.Second},
}

// bubble is synctest.Test, but not under the race detector: that of Go 1.26 crashes
// now and then where so many timers of a bubble are due. What runs in real time is
// enough for it to look at.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if raced {
		t.Skip("the race detector of Go 1.26 crashes in bubbles now and then")
	}
	synctest.Test(t, f)
}

// internet is a virtual one, of IPv4 alone: two homes, each 15 ms away from a STUN and TURN
// server and 30 ms from the other home and its signals.
type internet struct {
	t      *testing.T
	wan    *vnet.Router
	turn   *turn.Server
	server *vnet.Net
	home   [2]*vnet.Net
	cut    atomic.Bool                 // nothing passes
	lost   atomic.Pointer[func() bool] // tells which packets are lost
	wall   atomic.Bool                 // nothing passes between the homes but by the server
	dtls   atomic.Bool                 // no DTLS passes
	checks atomic.Int64                // packets of STUN between the homes
	wire   atomic.Int64                // bytes of all packets between them, with their headers of UDP and IPv4

	options Options
	news    chan struct{}
	mu      sync.Mutex // of links, for post
	links   [2]*Link
	carry   func(from int, signal []byte) // posts it, or not; may be nil
}

const (
	serverIP = "198.51.100.1"
	away     = 15 * time.Millisecond
)

func newInternet(t *testing.T, kinds [2]string) *internet {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	wan, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "198.51.100.0/24", LoggerFactory: silent{}})
	must(err)
	n := &internet{t: t, wan: wan, news: make(chan struct{}, 1)}
	wan.AddChunkFilter(func(c vnet.Chunk) bool {
		lost := n.lost.Load()
		if n.dtls.Load() && len(c.UserData()) > 0 && c.UserData()[0] >= 20 {
			return false
		}
		if data := c.UserData(); len(data) > 0 && host(c.SourceAddr()) != serverIP && host(c.DestinationAddr()) != serverIP {
			n.wire.Add(int64(len(data)) + 28)
			if data[0] <= 3 {
				n.checks.Add(1)
			}
		}
		return !n.cut.Load() && (lost == nil || !(*lost)()) && (!n.wall.Load() || host(c.SourceAddr()) == serverIP || host(c.DestinationAddr()) == serverIP)
	})
	server, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{serverIP}})
	must(err)
	must(wan.AddNet(server))
	n.server = server
	for i, kind := range kinds {
		how := nets[kind]
		if how == nil { // a public address behind a wire
			how = &vnet.NATType{Mode: vnet.NATModeNAT1To1}
		}
		public := fmt.Sprintf("198.51.100.%d", 101+i)
		inner := fmt.Sprintf("10.%d.0.2", 1+i)
		if how.Mode == vnet.NATModeNAT1To1 {
			public += "/" + inner
		}
		router, err := vnet.NewRouter(&vnet.RouterConfig{
			CIDR: fmt.Sprintf("10.%d.0.0/24", 1+i), StaticIPs: []string{public}, NATType: how, MinDelay: away, LoggerFactory: silent{},
		})
		must(err)
		n.home[i], err = vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{inner}})
		must(err)
		must(router.AddNet(n.home[i]))
		must(wan.AddRouter(router))
	}
	must(wan.Start())
	conn, err := server.ListenPacket("udp4", serverIP+":3478")
	must(err)
	relay := &turn.RelayAddressGeneratorStatic{RelayAddress: net.ParseIP(serverIP), Address: "0.0.0.0", Net: server}
	n.turn, err = turn.NewServer(turn.ServerConfig{
		Realm: "test", LoggerFactory: silent{},
		AuthHandler: func(a *turn.RequestAttributes) (string, []byte, bool) {
			return a.Username, turn.GenerateAuthKey(a.Username, "test", "secret"), true
		},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: conn, RelayAddressGenerator: relay}},
	})
	must(err)
	virtual = func(offer bool) transport.Net {
		if offer {
			return n.home[0]
		}
		return n.home[1]
	}
	return n
}

func host(a net.Addr) string {
	h, _, _ := net.SplitHostPort(a.String())
	return h
}

// close cuts the homes off first: pion, told to abort what the other end has
// aborted, waits with a lock held, which stops the clock of a bubble.
func (n *internet) close() {
	n.cut.Store(true)
	for _, l := range n.links {
		if l != nil {
			_ = l.Close()
		}
	}
	virtual = nil
	_ = n.turn.Close()
	_ = n.wan.Stop()
}

func servers() []ICEServer {
	return []ICEServer{
		{URLs: []string{"stun:" + serverIP + ":3478"}},
		{URLs: []string{"turn:" + serverIP + ":3478", "turn:" + serverIP + ":3478?transport=tcp"}, Username: "u", Credential: "secret"},
	}
}

// start makes one end's link.
func (n *internet) start(i int) {
	n.t.Helper()
	n.options.Offer = i == 0
	n.options.Notify = func() {
		select {
		case n.news <- struct{}{}:
		default:
		}
	}
	l, err := New(n.options)
	if err != nil {
		n.t.Fatal(err)
	}
	n.mu.Lock()
	n.links[i] = l
	n.mu.Unlock()
}

// post carries a signal to the other end, whoever is there by then.
func (n *internet) post(from int, signal []byte, after time.Duration) {
	time.AfterFunc(after, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		_ = n.links[1-from].Signal(signal)
	})
}

// link connects both homes and waits until both ends are open or closed.
func (n *internet) link(o Options) {
	n.t.Helper()
	n.options = o
	n.start(0)
	n.start(1)
	for n.links[0].State() == Connecting || n.links[1].State() == Connecting {
		n.signal()
		<-n.news
	}
}

// signal carries what both ends say.
func (n *internet) signal() {
	for i := range n.links {
		for s, ok := n.links[i].NextSignal(); ok; s, ok = n.links[i].NextSignal() {
			if n.carry != nil {
				n.carry(i, s)
			} else {
				n.post(i, s, 2*away)
			}
		}
	}
}

// lost is a packet that is as long as a game's, and that nobody is to hear.
var lost = []byte("nobody hears this: it was sent while the line was cut, and a game says again what matters")

// talk sends at 60 Hz both ways until both ends heard something new, and
// tells how long that took.
func (n *internet) talk() time.Duration {
	n.t.Helper()
	begin := time.Now()
	want := fmt.Appendf(nil, "%v", begin)
	var heard [2]bool
	var got [MaxPacket]byte
	for !heard[0] || !heard[1] {
		if time.Since(begin) > time.Minute {
			n.t.Fatalf("silence: %+v\n%+v", n.links[0].Report(), n.links[1].Report())
		}
		for i, l := range n.links {
			l.Send(want)
			for k, ok := l.Recv(got[:]); ok; k, ok = l.Recv(got[:]) {
				heard[i] = heard[i] || bytes.Equal(got[:k], want)
				if bytes.Equal(got[:k], lost) {
					n.t.Fatalf("home %d hears what was lost", i)
				}
			}
		}
		time.Sleep(time.Second / 60) // of the bubble's clock
	}
	return time.Since(begin)
}

// Each kind of network meets each: directly where theory allows, or relayed,
// and quickly.
func TestNetworks(t *testing.T) {
	for _, offers := range nat.Kinds {
		for _, answers := range nat.Kinds {
			if offers.Short == "noudp" || answers.Short == "noudp" {
				continue // a virtual internet has no TCP: see nat/natlab
			}
			t.Run(offers.Short+" "+answers.Short, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					n := newInternet(t, [2]string{offers.Short, answers.Short})
					defer n.close()
					begin := time.Now()
					n.link(Options{ICEServers: servers()})
					took := time.Since(begin)
					n.talk()
					time.Sleep(time.Second)
					want, most := Relay, 850*time.Millisecond
					if nat.Between(offers.Report, answers.Report).Way == nat.Direct {
						want, most = Direct, 400*time.Millisecond
					}
					for _, l := range n.links {
						if r := l.Report(); r.Path != want || r.Connect > most {
							t.Errorf("%v after %v, want %v within %v: %s", r.Path, r.Connect, want, most, r.Reason)
						}
					}
					t.Logf("open after %v: %s", took, n.links[0].Report().Reason)
				})
			})
		}
	}
}

// Packets are lost, of all the protocols on the way and of the game.
func TestLoss(t *testing.T) {
	var all []time.Duration
	for seed := range uint64(40) {
		bubble(t, func(t *testing.T) {
			n := newInternet(t, [2]string{"port", "port"})
			defer n.close()
			r := rand.New(rand.NewPCG(seed, 5))
			lost := func() bool { return r.IntN(20) == 0 }
			n.lost.Store(&lost)
			begin := time.Now()
			n.link(Options{ICEServers: servers()})
			all = append(all, time.Since(begin))
			n.talk()
			for _, l := range n.links {
				if l.State() != Open {
					t.Errorf("seed %d: %v", seed, l.Err())
				}
			}
		})
	}
	slices.Sort(all)
	t.Logf("open after %v at the median, %v at worst", all[len(all)/2], all[len(all)-1])
	if all[len(all)/2] > 500*time.Millisecond {
		t.Errorf("open after %v at the median, must be at most 500 ms", all[len(all)/2])
	}
}

// What is lost holds up nothing of what comes after it: the newest packet that an
// end has is as old as its way, and the few that are lost in a row.
func TestLossHoldsNothingUp(t *testing.T) {
	for _, percent := range []int{5, 20} {
		bubble(t, func(t *testing.T) {
			n := newInternet(t, [2]string{"port", "port"})
			defer n.close()
			n.link(Options{ICEServers: servers()})
			n.talk()
			r := rand.New(rand.NewPCG(1, 5))
			lost := func() bool { return r.IntN(100) < percent }
			n.lost.Store(&lost)
			const frames = 20 * 60
			var newest, heard [2]int
			worst := 0
			packet := make([]byte, 100)
			for frame := 1; frame <= frames; frame++ {
				binary.BigEndian.PutUint32(packet, uint32(frame))
				for i, l := range n.links {
					l.Send(packet)
					var got [MaxPacket]byte
					for size, ok := l.Recv(got[:]); ok; size, ok = l.Recv(got[:]) {
						if size == len(packet) {
							heard[i]++
							newest[i] = max(newest[i], int(binary.BigEndian.Uint32(got[:])))
						}
					}
					worst = max(worst, frame-newest[i])
				}
				time.Sleep(time.Second / 60)
			}
			t.Logf("%d %% lost: the newest packet is at most %d frames old", percent, worst)
			if worst > 12 {
				t.Errorf("%d %% lost: the newest packet is %d frames old, must be at most 12", percent, worst)
			}
			if least := frames * (95 - percent) / 100; heard[0] < least || heard[1] < least {
				t.Errorf("%d %% lost: of %d packets %d and %d came, must be at least %d", percent, frames, heard[0], heard[1], least)
			}
		})
	}
}

// A link outlives three seconds of silence, and talks again at once after it,
// without a word of what was lost but its last second; one that stays silent ends with
// a reason.
func TestBlackout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		n.link(Options{ICEServers: servers()})
		n.talk()
		for range 3 {
			n.cut.Store(true)
			packet := lost
			for i := range 180 {
				if i == 180-numberLate {
					packet = bytes.ToUpper(lost) // may be heard
				}
				for _, l := range n.links {
					l.Send(packet)
				}
				time.Sleep(time.Second / 60)
			}
			n.cut.Store(false)
			if took := n.talk(); took > 100*time.Millisecond {
				t.Errorf("after a blackout nothing was heard for %v", took)
			}
			time.Sleep(2 * time.Second)
			n.talk() // which hears whatever has come since
		}
		if err := n.links[0].SendMessage([]byte("still here")); err != nil {
			t.Error(err)
		}
		n.cut.Store(true)
		begin := time.Now()
		for n.links[0].State() == Open || n.links[1].State() == Open {
			if time.Since(begin) > 12*time.Second {
				t.Fatal("a dead link is still open after 12 s")
			}
			time.Sleep(100 * time.Millisecond)
		}
		for _, l := range n.links {
			if err := l.Err(); err == nil || err.Error() != "punch: nothing is heard from the other side any more" {
				t.Errorf("Err is %v", err)
			}
		}
	})
}

// However signals are lost, doubled and delayed, no pair wedges; and none is
// slow for long when either end is replaced by a new one, as by a page that is
// loaded again.
func TestSignalsOfManySeeds(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 30
	}
	for _, replaced := range []int{-1, 0, 1} {
		var all []time.Duration
		for seed := range seeds {
			bubble(t, func(t *testing.T) {
				n := newInternet(t, [2]string{"port", "cone"})
				defer n.close()
				r := rand.New(rand.NewPCG(seed, 7))
				left := r.IntN(8) // signals until the end is replaced
				n.carry = func(from int, s []byte) {
					for range r.IntN(3) { // none, one or two
						n.post(from, s, 2*away+time.Duration(r.IntN(200))*time.Millisecond)
					}
					if left--; left == 0 && replaced >= 0 {
						_ = n.links[replaced].Close()
						time.Sleep(20 * time.Millisecond)
						n.start(replaced)
					}
				}
				begin := time.Now()
				n.link(Options{ICEServers: servers()[:1]})
				all = append(all, time.Since(begin))
				for i, l := range n.links {
					if l.State() != Open {
						t.Errorf("seed %d: end %d: %v", seed, i, l.Err())
					}
				}
				n.talk()
			})
		}
		slices.Sort(all)
		median, worst := all[len(all)/2], all[len(all)-1]
		t.Logf("replaced %d: open after %v at the median, %v at worst", replaced, median, worst)
		if median > 1500*time.Millisecond || worst > 12*time.Second {
			t.Errorf("replaced %d: open after %v at the median, %v at worst, want 1.5 s and 12 s", replaced, median, worst)
		}
	}
}
