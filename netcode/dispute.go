package netcode

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// When two machines find that their chains at a confirmed frame differ, the
// match is over, but its players want to know why. For a moment the game
// stands still and they search together: first the first frame whose states
// differ, then the parts of its state that do, then these bytes themselves. Each
// packet carries all that its sender knows, so any may be lost, and goes to
// everybody, so that the others tell whose side they are on.

const (
	disputeTicks = 240 // how long the search may take
	witnessTicks = 120 // how long it waits to hear whose side others are on
	partCount    = 64  // parts of the state that are hashed
	pieceSize    = 512 // bytes of the state in a packet
	partLeast    = 8   // bytes of a part; always a power of two, so that pieces and parts fit
)

type dispute struct {
	ledger   *ledger
	timeline *timeline
	peers    []peer

	peer  *peer // whose history differs
	err   *DesyncError
	mark  Frame  // the frames looked at are those up to here
	since int64  // tick
	known bool   // err.Frame is the first that differs
	ours  uint64 // our chain at err.Frame
	their uint64 // and theirs

	size  int               // of a part
	sums  [partCount]uint32 // of ours
	there []byte            // their state; where nothing else is known as ours
	parts [partCount]uint32 // their sums
	got   []bool            // pieces of theirs that have come
	done  bool              // nothing more is to come

	asked   uint64              // parts that somebody has otherwise; all while nobody has told his
	next    int                 // the next piece to send
	witness [MaxPlayers]witness // by machine
}

// witness is what another machine says of mark.
type witness struct {
	heard  bool
	chains [markEvery + 1]uint64
	done   bool // it needs nothing more
}

// disputed is a packet of the search.
type disputed struct {
	done   bool
	mark   Frame
	chains [markEvery + 1]uint64 // at the frames up to mark
	first  Frame                 // that differs; 0 is not known yet
	length int                   // of the state there; 0 is not held
	size   int                   // of a part of it
	parts  [partCount]uint32
	offset int // of bytes
	bytes  []byte
}

// disagree starts the search.
func (s *Session) disagree(p *peer, mark Frame, ours, theirs uint64) *dispute {
	d := &dispute{ledger: &s.ledger, timeline: &s.timeline, peers: s.peers, peer: p, since: s.tick}
	d.begin(mark, ours, theirs)
	return d
}

// begin starts the search at a mark, or again at an earlier one.
func (d *dispute) begin(mark Frame, ours, theirs uint64) {
	p := d.peer
	*d = dispute{ledger: d.ledger, timeline: d.timeline, peers: d.peers, peer: p, mark: mark, since: d.since, ours: ours, their: theirs}
	d.ledger.refine(mark, d.timeline)
	d.err = &DesyncError{Peer: p.id, Players: append([]Player(nil), p.seats...), Frame: mark, Ours: ours, Theirs: theirs, Agreed: min(p.agreedAt, mark-markEvery), Offset: -1}
	d.err.State = append([]byte(nil), d.ledger.state(mark)...)
	d.err.Before = append([]byte(nil), d.ledger.state(d.err.Agreed)...)
}

// over reports whether everybody knows what there is to know, or time is up.
func (d *dispute) over(tick int64) bool {
	waits := !d.done
	for i := range d.peers {
		w, i := &d.witness[d.peers[i].machine], Frame(markEvery)-(d.mark-d.err.Frame)
		if !w.heard {
			waits = waits || tick < d.since+witnessTicks
		} else if !w.done && w.chains[i] != d.ours {
			waits = true
		}
	}
	return !waits || tick >= d.since+disputeTicks
}

// partSize is how long a part is where the longer of two states has so many bytes.
func partSize(length int) int {
	size := partLeast
	for size*partCount < length {
		size *= 2
	}
	return size
}

// measure hashes the parts of our state; parts beyond its end are empty.
func (d *dispute) measure(size int) {
	d.size, d.asked = size, everything
	state := d.err.State
	for i := range d.sums {
		d.sums[i] = uint32(xxhash.Sum64(state[min(i*size, len(state)):min((i+1)*size, len(state))]))
	}
}

// in reports whether some part of a set lies in piece k.
func (d *dispute) in(set uint64, k int) bool {
	first, last := k*pieceSize/d.size, ((k+1)*pieceSize-1)/d.size
	return last < partCount && set>>first&(1<<(last-first+1)-1) != 0
}

const everything = 1<<partCount - 1

func (d *dispute) ask(set uint64) {
	if d.asked == everything {
		d.asked = 0
	}
	d.asked |= set
}

func differing(a, b *[partCount]uint32) (set uint64) {
	for i := range a {
		if a[i] != b[i] {
			set |= 1 << i
		}
	}
	return set
}

// append writes a packet of the search.
func (d *dispute) append(b []byte, tag uint16) []byte {
	kind := byte(kindDispute)
	if d.done {
		kind |= disputeDone
	}
	b = append(b, byte(tag), byte(tag>>8), kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(d.mark))
	for f := d.mark - markEvery; f <= d.mark; f++ {
		h, _ := d.ledger.chained(f)
		b = binary.LittleEndian.AppendUint64(b, h)
	}
	if !d.known {
		return binary.LittleEndian.AppendUint32(b, 0)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(d.err.Frame))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(d.err.State)))
	if len(d.err.State) == 0 {
		return b
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(d.size))
	for _, sum := range d.sums {
		b = binary.LittleEndian.AppendUint32(b, sum)
	}
	pieces := (len(d.err.State) + pieceSize - 1) / pieceSize
	for range pieces { // the next one that somebody has otherwise
		k := d.next % pieces
		if d.next = k + 1; d.in(d.asked, k) {
			b = binary.LittleEndian.AppendUint32(b, uint32(k*pieceSize))
			return append(b, d.err.State[k*pieceSize:min((k+1)*pieceSize, len(d.err.State))]...)
		}
	}
	return b
}

// parse reads a packet of the search after its tag.
func (m *disputed) parse(b []byte) bool {
	r := reader{packet: b}
	m.done = r.u8()&disputeDone != 0
	m.mark = Frame(r.u32())
	for k := range m.chains {
		m.chains[k] = r.u64()
	}
	m.first = Frame(r.u32())
	if r.bad || m.mark < markEvery || m.mark%markEvery != 0 || m.first != 0 && (m.first <= m.mark-markEvery || m.first > m.mark) {
		return false
	}
	if m.first == 0 {
		return r.left() == 0
	}
	if m.length = int(r.u32()); m.length == 0 {
		return !r.bad && r.left() == 0
	}
	m.size = int(r.u32())
	for i := range m.parts {
		m.parts[i] = r.u32()
	}
	if r.left() > 0 {
		m.offset = int(r.u32())
		m.bytes = r.rest()
	}
	end := m.offset + len(m.bytes)
	return !r.bad && m.size >= partSize(m.length) && m.offset%pieceSize == 0 &&
		(m.bytes == nil || end <= m.length && len(m.bytes) > 0 && (len(m.bytes) == pieceSize || end == m.length))
}

func (s *Session) receiveDispute(p *peer, b []byte) bool {
	var m disputed
	if !m.parse(b) || !p.playing {
		return false
	}
	p.silence = 0
	ours, ok := s.ledger.chained(m.mark)
	if _, all := s.ledger.chained(m.mark - markEvery); !ok || !all {
		return true // not confirmed here yet, or long ago: it comes again
	}
	if last := m.chains[markEvery]; ours != last {
		if d := s.dispute; d == nil {
			s.dispute = s.disagree(p, m.mark, ours, last)
		} else if d.peer == p && m.mark < d.mark {
			d.begin(m.mark, ours, last)
		}
	}
	if d := s.dispute; d != nil && d.mark == m.mark {
		d.hear(p, &m, ours)
	}
	return true
}

// hear takes what another machine says of the mark.
func (d *dispute) hear(p *peer, m *disputed, ours uint64) {
	w := &d.witness[p.machine]
	w.heard, w.chains, w.done = true, m.chains, w.done || m.done
	if d.peer == p {
		if ours != m.chains[markEvery] {
			d.narrow(m)
		}
	} else if d.known && m.first == d.err.Frame && m.size == d.size {
		d.ask(differing(&d.sums, &m.parts))
	}
}

// find finds the first frame that differs, in what the other machine says of the mark.
func (d *dispute) find(m *disputed) bool {
	k, before := Frame(0), d.mark-markEvery
	if h, _ := d.ledger.chained(before); h != m.chains[0] { // The beginning lies further back.
		if _, ok := d.ledger.chained(before - markEvery); ok {
			d.begin(before, h, m.chains[0])
		} else {
			d.err.Detail, d.done = "the first difference is longer ago than is still held", true
		}
		return false
	}
	for d.ours = m.chains[0]; d.ours == m.chains[k] || k < markEvery && (d.ours == 0 || m.chains[k] == 0); d.ours, _ = d.ledger.chained(before + k) {
		k++ // equal, or not known to one of us
	}
	d.known, d.their = true, m.chains[k]
	d.rebuild(before+k, unchain(m.chains[d.ledger.link(before+k)-before], m.chains[k]))
	return true
}

// narrow uses what the other machine knows to know more.
func (d *dispute) narrow(m *disputed) {
	e := d.err
	if !d.known && !d.find(m) {
		return
	}
	switch {
	case m.first != e.Frame || d.done:
		return
	case len(e.State) == 0 || m.length == 0:
		d.done = true // One of us holds it no longer.
		return
	case max(m.length, len(e.State)) > 2*min(m.length, len(e.State))+1<<16:
		d.there, d.done = nil, true
		e.Detail = fmt.Sprintf("the state is %d bytes here, %d there", len(e.State), m.length)
		return
	}
	if size := partSize(max(len(e.State), m.length)); d.size != size && d.got == nil {
		d.measure(size)
	}
	if m.size != d.size {
		return
	}
	if d.got == nil {
		d.there = make([]byte, m.length)
		copy(d.there, e.State)
		d.got = make([]bool, (m.length+pieceSize-1)/pieceSize)
		d.parts = m.parts
	}
	if len(d.there) != m.length || d.parts != m.parts {
		return // It said something else before.
	}
	set := differing(&d.sums, &d.parts)
	d.ask(set)
	if k := m.offset / pieceSize; len(m.bytes) > 0 && !d.got[k] {
		copy(d.there[m.offset:], m.bytes)
		d.got[k] = true
	}
	d.done = d.lacks(set) < 0
}

// lacks is the first piece of a set of parts that has not come; -1 is none.
func (d *dispute) lacks(set uint64) int {
	for k, got := range d.got {
		if !got && d.in(set, k) {
			return k
		}
	}
	return -1
}

// rebuild makes the states before and at the first frame that differs.
func (d *dispute) rebuild(first Frame, theirs uint64) {
	e := d.err
	e.Frame, e.Agreed, e.Theirs = first, first-1, theirs
	e.Ours, _ = d.ledger.hash(first)
	e.State, e.Before = d.ledger.resimulate(first, d.timeline), d.ledger.resimulate(first-1, d.timeline)
	if e.State != nil && HashState(e.State) != e.Ours {
		e.Detail = "this machine does not repeat itself: Step reads something besides the state and the inputs"
	}
	d.measure(partSize(len(e.State)))
}

// conclude says what was found.
func (d *dispute) conclude() {
	e := d.err
	for i := range d.peers {
		p := &d.peers[i]
		switch w := &d.witness[p.machine]; {
		case p == d.peer || !w.heard:
		case w.chains[markEvery-(d.mark-e.Frame)] == d.ours:
			e.With = append(e.With, p.id)
		case w.chains[markEvery-(d.mark-e.Frame)] == d.their:
			e.Against = append(e.Against, p.id)
		}
	}
	if d.there != nil {
		d.compareStates()
	}
}

// compareStates names the first difference between our state and what is known
// of theirs.
func (d *dispute) compareStates() {
	e, detail := d.err, ""
	limit := len(d.there)
	if lacks := d.lacks(differing(&d.sums, &d.parts)); lacks >= 0 {
		limit = lacks * pieceSize
	} else if e.Their = d.there; HashState(d.there) != e.Theirs {
		detail = "the other machine does not repeat itself: its state, made again, has another hash"
	}
	at := firstByte(e.State, d.there[:limit])
	switch {
	case at == limit && limit < len(d.there):
		e.Offset, detail = at, "or a little after"
	case at < max(len(e.State), len(d.there)):
		e.name(d.timeline.game, at, d.there[:limit], len(d.there))
	}
	if len(d.there) != len(e.State) {
		detail = fmt.Sprintf("the state is %d bytes here, %d there", len(e.State), len(d.there))
	}
	if e.Detail == "" {
		e.Detail = detail
	}
}
