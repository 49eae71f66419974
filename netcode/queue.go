package netcode

// The rings of a session hold this many frames of inputs: all that can be
// beyond the confirmed frame. The screen is at most stateRing frames beyond it,
// our inputs a delay more, and another machine, which can't be complete beyond
// those, at most a window and a delay more again.
const (
	inputRing = 256
	inputMask = inputRing - 1
	farthest  = stateRing + MaxDelay + 1 + MaxWindow + MaxDelay + 2
)

var _ [inputRing - 2 - farthest]struct{} // does not compile if the ring is too small

// queue holds the inputs of one seat. Up to head they are known; the slots
// after it hold what was used instead, so that a late input is compared with
// what was used and never with a fresh prediction.
type queue struct {
	head  Frame
	gone  Frame // from this frame on nobody sits here, whatever is known
	bits  [inputRing]uint64
	size  [inputRing]uint16
	order Frame            // the last one with a Command
	arena []byte           // MaxCommand bytes for each slot
	lent  [MaxCommand]byte // the Command that use returned last: a Step may write into it
}

// never is a frame that no match reaches.
const never Frame = 1<<31 - 1

func newQueue() queue { return queue{gone: never, arena: make([]byte, inputRing*MaxCommand)} }

// put adds the input of frame head+1 and reports whether something else was used
// for it by a screen that is at frame now.
func (q *queue) put(bits uint64, command []byte, now Frame) (wrong bool) {
	f := q.head + 1
	i := int(f) & inputMask
	wrong = f <= now && f < q.gone && (q.bits[i] != bits || len(command) > 0)
	q.bits[i] = bits
	if q.size[i] = uint16(len(command)); len(command) > 0 {
		q.order = f
	}
	copy(q.arena[i*MaxCommand:(i+1)*MaxCommand], command)
	q.head = f
	return wrong
}

// use returns the input of frame f, or predicts it: Bits stay as they were
// last known, a Command is not given again. A prediction is remembered.
func (q *queue) use(f Frame, in *Input) {
	i := int(f) & inputMask
	in.Command, in.Absent = nil, f >= q.gone
	if in.Absent {
		in.Bits = 0
		return
	}
	if f > q.head {
		q.bits[i] = q.bits[int(q.head)&inputMask]
	} else if n := int(q.size[i]); n > 0 {
		copy(q.lent[:n], q.arena[i*MaxCommand:])
		in.Command = q.lent[:n:n]
	}
	in.Bits = q.bits[i]
}

// predict remembers another prediction than that of use.
func (q *queue) predict(f Frame, bits uint64) { q.bits[int(f)&inputMask] = bits }

// last is what the newest known frame has.
func (q *queue) last() uint64 { return q.at(q.head) }

func (q *queue) at(f Frame) uint64 { return q.bits[int(f)&inputMask] }

func (q *queue) command(f Frame) []byte {
	i := int(f) & inputMask
	return q.arena[i*MaxCommand : i*MaxCommand+int(q.size[i])]
}

func (q *queue) anyCommand(from Frame, count int) bool {
	for f := from; f <= min(q.order, from+Frame(count)-1); f++ {
		if q.size[int(f)&inputMask] > 0 {
			return true
		}
	}
	return false
}
