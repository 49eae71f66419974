// Package simnet is a network in a variable: a netcode.Transport for each
// machine, with latency, jitter, loss, duplication, reordering and cuts drawn
// from a seed. The same seed gives the same faults, so a failure can be played
// again.
//
// It is for tests, for two players on one screen, and, with Shape, for putting
// a bad network in front of a good one. It never reads a clock: time is how
// often Tick was called. It opens no socket, starts no goroutine, and is the
// same in the browser.
package simnet

import (
	"fmt"

	"github.com/punchback/punchback/netcode"
)

// Net joins machines 0 to n-1.
type Net struct {
	now  int64 // thousandths of a tick
	rand random
	ends []end
	path []Path // from*len(ends) + to
	cut  []bool
}

type end struct {
	net  *Net
	self netcode.Peer
	in   queue
}

// New makes a perfect network of n machines. Change it with Set, SetAll and Cut.
func New(seed uint64, n int) *Net {
	if n < 1 || n > 64 {
		panic(fmt.Sprintf("simnet: machines are %d, must be 1 to 64", n))
	}
	net := &Net{rand: random(seed), ends: make([]end, n), path: make([]Path, n*n), cut: make([]bool, n*n)}
	for i := range net.ends {
		net.ends[i].net = net
		net.ends[i].self = netcode.Peer(i)
	}
	return net
}

// Peer is the end of machine p.
func (n *Net) Peer(p netcode.Peer) netcode.Transport { return &n.ends[p] }

// Set changes the path of packets sent from now on, in one direction.
func (n *Net) Set(from, to netcode.Peer, p Path) { n.path[int(from)*len(n.ends)+int(to)] = p }

// SetAll changes every path.
func (n *Net) SetAll(p Path) {
	for i := range n.path {
		n.path[i] = p
	}
}

// Cut breaks a path in one direction, or mends it. Packets on the way arrive.
func (n *Net) Cut(from, to netcode.Peer, broken bool) { n.cut[int(from)*len(n.ends)+int(to)] = broken }

// CutAll breaks or mends every path.
func (n *Net) CutAll(broken bool) {
	for i := range n.cut {
		n.cut[i] = broken
	}
}

// Tick lets one tick pass.
func (n *Net) Tick() { n.now += 1000 }

// Waiting is how many packets are on their way to machine p, those included
// that have arrived and were not received yet.
func (n *Net) Waiting(p netcode.Peer) int { return len(n.ends[p].in.heap) }

// Forget loses every packet on its way to machine p.
func (n *Net) Forget(p netcode.Peer) { n.ends[p].in.clear() }

func (e *end) Send(to netcode.Peer, packet []byte) {
	n := e.net
	if int(to) >= len(n.ends) {
		return
	}
	i := int(e.self)*len(n.ends) + int(to)
	if n.cut[i] {
		return
	}
	copies, delay := n.path[i].fate(&n.rand)
	for k := range copies {
		n.ends[to].in.push(n.now+int64(delay[k]), e.self, packet)
	}
}

func (e *end) Recv(dst []byte) (int, netcode.Peer, bool) {
	packet, from, ok := e.in.pop(e.net.now)
	if !ok {
		return 0, 0, false
	}
	return copy(dst, packet), from, true
}
