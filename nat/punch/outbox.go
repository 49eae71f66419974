package punch

// outbox tells how many of the packets that were sent wait on this machine, by
// how many of their bytes do.
type outbox struct {
	bytes int
	ends  []int // what bytes was after each that may wait
}

func (b *outbox) add(n int) {
	b.bytes += n
	b.ends = append(b.ends, b.bytes)
}

func (b *outbox) waiting(bytes int) int {
	n := 0
	for n < len(b.ends) && b.ends[n] <= b.bytes-bytes {
		n++
	}
	b.ends = b.ends[:copy(b.ends, b.ends[n:])]
	return len(b.ends)
}
