package punch

import (
	"slices"
)

// inbox holds packets for Recv in slots that are used again; when it is full
// the oldest is dropped, since the newest of a game repeats what matters.
type inbox struct {
	slots       [][]byte // as many as were ever needed at once
	most        int
	first, size int
	dropped     uint64
}

func newInbox(n int) inbox { return inbox{most: n} }

// slot is room for a packet of n bytes, for the caller to fill, and for its number.
func (b *inbox) slot(n int) []byte {
	switch {
	case b.size < len(b.slots):
	case len(b.slots) < b.most:
		b.slots = append(slices.Concat(b.slots[b.first:], b.slots[:b.first]), nil)
		b.first = 0
	default:
		b.first = (b.first + 1) % len(b.slots)
		b.size--
		b.dropped++
	}
	i := (b.first + b.size) % len(b.slots)
	b.size++
	if cap(b.slots[i]) < n+numberSize {
		b.slots[i] = make([]byte, n, (n+numberSize+127)&^127)
	}
	b.slots[i] = b.slots[i][:n]
	return b.slots[i][:n+numberSize]
}

// unslot takes the last slot back.
func (b *inbox) unslot() { b.size-- }

func (b *inbox) pop(dst []byte) (int, bool) {
	if b.size == 0 {
		return 0, false
	}
	n := copy(dst, b.slots[b.first])
	b.first = (b.first + 1) % len(b.slots)
	b.size--
	return n, true
}
