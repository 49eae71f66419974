package simnet

import "github.com/punchback/punchback/netcode"

// MaxQueue bounds the packets on the way to one machine; the newest is lost
// beyond it. MaxPacket bounds a packet; a longer one is lost.
const (
	MaxQueue  = 4096
	MaxPacket = 2048
)

// queue holds packets until they are due. It is a binary heap over slots that
// are used again, so that in steady state nothing is allocated.
type queue struct {
	heap  []item
	slots [][]byte
	free  []int
	order uint64
}

type item struct {
	due   int64 // thousandths of a tick
	order uint64
	slot  int
	peer  netcode.Peer
}

func (a item) before(b item) bool {
	if a.due != b.due {
		return a.due < b.due
	}
	return a.order < b.order
}

// push copies the packet; it reports false when there is no room.
func (q *queue) push(due int64, peer netcode.Peer, packet []byte) bool {
	if len(q.heap) >= MaxQueue || len(packet) > MaxPacket {
		return false
	}
	if len(q.free) == 0 {
		q.slots = append(q.slots, nil)
		q.free = append(q.free, len(q.slots)-1)
	}
	slot := q.free[len(q.free)-1]
	q.free = q.free[:len(q.free)-1]
	if cap(q.slots[slot]) < len(packet) {
		q.slots[slot] = make([]byte, 0, roundUp(len(packet)))
	}
	q.slots[slot] = append(q.slots[slot][:0], packet...)
	q.heap = append(q.heap, item{due: due, order: q.order, slot: slot, peer: peer})
	q.order++
	i := len(q.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !q.heap[i].before(q.heap[parent]) {
			break
		}
		q.heap[i], q.heap[parent] = q.heap[parent], q.heap[i]
		i = parent
	}
	return true
}

// pop returns the next packet that is due; it stays valid until the next push.
func (q *queue) pop(now int64) (packet []byte, peer netcode.Peer, ok bool) {
	if len(q.heap) == 0 || q.heap[0].due > now {
		return nil, 0, false
	}
	top := q.heap[0]
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && q.heap[child+1].before(q.heap[child]) {
			child++
		}
		if !q.heap[child].before(q.heap[i]) {
			break
		}
		q.heap[i], q.heap[child] = q.heap[child], q.heap[i]
		i = child
	}
	q.free = append(q.free, top.slot)
	return q.slots[top.slot], top.peer, true
}

// clear forgets every packet on the way.
func (q *queue) clear() {
	for _, it := range q.heap {
		q.free = append(q.free, it.slot)
	}
	q.heap = q.heap[:0]
}

func roundUp(n int) int {
	size := 64
	for size < n {
		size *= 2
	}
	return size
}
