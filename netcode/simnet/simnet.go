// Package simnet is a network in a variable: a netcode.Transport for each machine, with
// latency, jitter, loss (in bursts or without), duplication, reordering, narrow lines,
// cuts and partitions. Each direction has its own, drawn from a seed. The same seed gives
// the same faults, so that a failure can be repeated. A Clock simulates the ticks of a
// machine that drifts or sleeps.
//
// It is for tests, for two players on one screen and, with Shape, for putting a bad
// network in front of a good one. It never reads a clock: time is the number of calls of
// Tick. It opens no socket, starts no goroutine, and is the same in the browser.
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
	link []link // from*len(ends) + to
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
	net := &Net{rand: random(seed), ends: make([]end, n), link: make([]link, n*n)}
	for i := range net.ends {
		net.ends[i].net = net
		net.ends[i].self = netcode.Peer(i)
	}
	return net
}

// Peer is the end of machine p.
func (n *Net) Peer(p netcode.Peer) netcode.Transport { return &n.ends[p] }

// Set changes the path of packets sent from now on, in one direction.
func (n *Net) Set(from, to netcode.Peer, p Path) { n.to(from, to).path = p }

func (n *Net) to(from, to netcode.Peer) *link { return &n.link[int(from)*len(n.ends)+int(to)] }

// SetAll changes every path.
func (n *Net) SetAll(p Path) {
	for i := range n.link {
		n.link[i].path = p
	}
}

// Cut breaks a path in one direction, or mends it. Packets on the way arrive.
func (n *Net) Cut(from, to netcode.Peer, broken bool) { n.to(from, to).cut = broken }

// Disconnect makes the transport of machine at say that p has gone for good (see
// netcode.Disconnecter), or stop saying so. What p sends arrives as ever: that is
// for Cut.
func (n *Net) Disconnect(at, p netcode.Peer, gone bool) { n.to(at, p).gone = gone }

// CutAll breaks or mends every path.
func (n *Net) CutAll(broken bool) {
	for i := range n.link {
		n.link[i].cut = broken
	}
}

// Partition cuts every path between machines of different groups and mends
// every path within a group. Machines that are not named are one more group, so
// Partition() mends everything, and Partition(a) cuts a off from the rest. A
// machine named twice, or that is not there, is a mistake of the caller's and
// panics.
func (n *Net) Partition(groups ...[]netcode.Peer) {
	var group [64]int
	for g, peers := range groups {
		for _, p := range peers {
			if int(p) >= len(n.ends) || group[p] != 0 {
				panic(fmt.Sprintf("simnet: machine %d of group %d is named twice, or is not one of %d", p, g, len(n.ends)))
			}
			group[p] = g + 1
		}
	}
	for i := range n.link {
		n.link[i].cut = group[i/len(n.ends)] != group[i%len(n.ends)]
	}
}

// Tick lets one tick pass.
func (n *Net) Tick() { n.Pass(1000) }

// Pass lets so many thousandths of a tick pass: for machines whose ticks do not
// fall together, see Clock.
func (n *Net) Pass(thousandths int) { n.now += int64(thousandths) }

// Counts tells what has become of what was sent, in one direction.
func (n *Net) Counts(from, to netcode.Peer) Counts { return n.to(from, to).counts }

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
	l := n.to(e.self, to)
	copies, due := l.send(&n.rand, n.now, len(packet))
	for k := range copies {
		if !n.ends[to].in.push(due[k], e.self, packet) {
			l.counts.Dropped++
		}
	}
}

func (e *end) Recv(dst []byte) (int, netcode.Peer, bool) {
	packet, from, ok := e.in.pop(e.net.now)
	if !ok {
		return 0, 0, false
	}
	return copy(dst, packet), from, true
}

// Disconnected is part of netcode.Disconnecter.
func (e *end) Disconnected(p netcode.Peer) bool {
	return int(p) < len(e.net.ends) && e.net.to(e.self, p).gone
}
