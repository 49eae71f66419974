package netcode

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// When two machines find that their hashes of a confirmed frame differ, the
// match is over, but its players want to know why. For a moment the game
// stands still and the two search together: first the first frame whose hashes
// differ, then the part of its state, then the byte, and so the field. Each
// packet carries all that its sender knows, so any may be lost.

const (
	disputeTicks = 90  // how long the search may take
	chunkCount   = 64  // parts of the state that are hashed
	chunkShown   = 512 // bytes of the part that differs
)

type dispute struct {
	peer   *peer
	err    *DesyncError
	mark   Frame
	until  int64 // tick
	first  Frame // first frame that differs; 0 is not known yet
	state  []byte
	offset int // of the first part that differs; -1 is not known yet
	solved bool
}

// disputed is a packet of the search.
type disputed struct {
	mark   Frame
	hashes [markEvery]uint64 // of the frames up to mark
	first  Frame
	length int
	chunks [chunkCount]uint32 // of the state at first
	offset int                // of bytes; -1 is none
	bytes  []byte
}

// disagree starts the search, or starts it again from an earlier frame.
func (s *Session) disagree(p *peer, mark Frame, ours, theirs uint64) {
	s.dispute = &dispute{peer: p, mark: mark, until: s.tick + disputeTicks, offset: -1,
		err: &DesyncError{Peer: p.id, Frame: mark, Ours: ours, Theirs: theirs, Agreed: min(p.agreedAt, mark-markEvery)}}
	s.dispute.err.State = append([]byte(nil), s.markState(mark)...)
	s.dispute.err.Before = append([]byte(nil), s.markState(s.dispute.err.Agreed)...)
}

// markState is the state at a mark frame, nil when it is no longer held.
func (s *Session) markState(f Frame) []byte {
	if m := &s.marks[f/markEvery%markKept]; m.frame == f {
		return m.state
	}
	return nil
}

// search ends the match when the search is over.
func (s *Session) search() {
	d := s.dispute
	if d != nil && s.tick >= d.until && s.err == nil {
		s.err = d.err
	}
}

// resimulate makes the state at frame f once more, from a mark before it. It is
// nil when what that needs is no longer held.
func (s *Session) resimulate(f Frame) []byte {
	from := (f - 1) / markEvery * markEvery
	start := s.markState(from)
	if start == nil || from < s.mine-inputRing/2 {
		return nil
	}
	s.game.Load(start)
	for k := from + 1; k <= f; k++ {
		for p := range s.in {
			s.queues[p].use(k, &s.in[p])
		}
		s.game.Step(s.in)
	}
	state := s.game.Save(nil)
	s.game.Load(s.states.at(s.now))
	return state
}

func chunkSize(length int) int { return max(1, (length+chunkCount-1)/chunkCount) }

// chunk is part i of a state; parts beyond its end are empty.
func chunk(state []byte, i int) []byte {
	size := chunkSize(len(state))
	return state[min(i*size, len(state)):min((i+1)*size, len(state))]
}

func (s *Session) appendDispute(b []byte) []byte {
	d := s.dispute
	b = append(b, byte(s.tag), byte(s.tag>>8), kindDispute)
	b = binary.LittleEndian.AppendUint32(b, uint32(d.mark))
	for k := range Frame(markEvery) {
		h, _ := s.Hash(d.mark - markEvery + 1 + k)
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	if d.state == nil {
		return binary.LittleEndian.AppendUint32(b, 0)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(d.first))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(d.state)))
	for i := range chunkCount {
		b = binary.LittleEndian.AppendUint32(b, uint32(xxhash.Sum64(chunk(d.state, i))))
	}
	if d.offset < 0 {
		return b
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(d.offset))
	return append(b, d.state[d.offset:min(d.offset+min(chunkSize(len(d.state)), chunkShown), len(d.state))]...)
}

// parse reads a packet of the search after its tag and kind.
func (m *disputed) parse(b []byte) bool {
	r := reader{packet: b}
	m.mark = Frame(r.u32())
	for k := range m.hashes {
		m.hashes[k] = r.u64()
	}
	m.first = Frame(r.u32())
	m.offset = -1
	if r.bad || m.mark < markEvery || m.mark%markEvery != 0 || m.first < 0 || m.first > m.mark {
		return false
	}
	if m.first == 0 {
		return r.left() == 0
	}
	m.length = int(r.u32())
	for i := range m.chunks {
		m.chunks[i] = r.u32()
	}
	if r.left() > 0 {
		m.offset = int(r.u32())
		m.bytes = r.rest()
	}
	return !r.bad && len(m.bytes) <= chunkShown
}

func (s *Session) receiveDispute(p *peer, b []byte) bool {
	var m disputed
	if !m.parse(b) || !p.playing {
		return false
	}
	ours, ok := s.Hash(m.mark)
	last := m.hashes[markEvery-1]
	if !ok || m.mark-markEvery+1 <= s.confirmed-hashRing || ours == last {
		return true // not confirmed here yet, or long ago: its hash comes again
	}
	if d := s.dispute; d == nil || d.peer == p && m.mark < d.mark {
		s.disagree(p, m.mark, ours, last)
	}
	if d := s.dispute; d.peer == p && d.mark == m.mark {
		s.narrow(&m)
	}
	p.quiet = 0
	return true
}

// narrow uses what the other machine knows to know more.
func (s *Session) narrow(m *disputed) {
	d := s.dispute
	if d.first == 0 {
		for k := range Frame(markEvery) {
			f := d.mark - markEvery + 1 + k
			if h, _ := s.Hash(f); h != m.hashes[k] {
				d.first = f
				d.err.Frame, d.err.Ours, d.err.Theirs = f, h, m.hashes[k]
				if k > 0 {
					d.err.Agreed = f - 1
				}
				break
			}
		}
		s.rebuild()
	}
	if d.state == nil || m.first != d.first {
		return
	}
	if m.length != len(d.state) {
		d.solve(s, fmt.Sprintf("the state is %d bytes here, %d there", len(d.state), m.length))
		return
	}
	if d.offset < 0 {
		for i := range chunkCount {
			if part := chunk(d.state, i); len(part) > 0 && uint32(xxhash.Sum64(part)) != m.chunks[i] {
				d.offset = i * chunkSize(len(d.state))
				break
			}
		}
	}
	if m.offset != d.offset || d.offset < 0 {
		return
	}
	for i, there := range m.bytes {
		at := d.offset + i
		if at < len(d.state) && d.state[at] != there {
			d.err.Offset = at
			d.err.Field = fieldAt(s.game, at).Path
			d.solve(s, fmt.Sprintf("byte %d is %#02x here, %#02x there", at, d.state[at], there))
			return
		}
	}
	d.err.Offset = d.offset
	d.solve(s, fmt.Sprintf("it is at byte %d or a little after", d.offset))
}

// rebuild makes the states before and at the first frame that differs.
func (s *Session) rebuild() {
	d := s.dispute
	if d.state = s.resimulate(d.first); d.state == nil {
		return
	}
	if HashState(d.state) != d.err.Ours {
		d.err.Detail = "this machine does not repeat itself: Step reads something besides the state and the inputs"
	}
	d.err.State = d.state
	if d.err.Agreed == d.first-1 {
		if d.err.Agreed%markEvery == 0 {
			d.err.Before = append([]byte(nil), s.markState(d.err.Agreed)...)
		} else {
			d.err.Before = s.resimulate(d.err.Agreed)
		}
	}
}

// solve ends the search; the other machine may still need our packets.
func (d *dispute) solve(s *Session, detail string) {
	if d.solved {
		return
	}
	d.solved = true
	if d.err.Detail == "" {
		d.err.Detail = detail
	}
	d.until = min(d.until, s.tick+linger)
}
