package netcode

import "encoding/binary"

// A status is what a machine says besides its inputs when all is not well: in
// which view it is, how far everybody has come as it knows, and how everybody
// has voted on the next view. Machines that hear each other only through a
// third play on by it: whoever is asked answers with its own, and with the
// inputs that the asker lacks.

const (
	flagFill = 0x04 // of kindStatus: inputs of a third machine
	flagAsk  = 0x08 // of kindStatus: the receiver shall answer; with flagFill: some frame has a Command

	askAfter = 10 // ticks of silence of anybody after which a machine asks the others
	askKept  = 4  // ticks that an ask is answered

	maxTold = 1<<28 - 1 // of ticks: fifty days at 60 a second
)

// status is one such packet, taken apart. Everything is by machine.
type status struct {
	view     uint32
	absent   machines             // not in this view
	cuts     [MaxPlayers]Frame    // the last frames of those
	complete [MaxPlayers]Frame    // reported in this view
	told     [MaxPlayers]uint32   // tick in which a machine told whom it hears
	hears    [MaxPlayers]machines // and whom
	heads    [MaxPlayers]Frame    // up to where the sender holds their inputs
	votes    [MaxPlayers]vote
}

func appendFrames(b []byte, of machines, frames *[MaxPlayers]Frame) []byte {
	for m, f := range frames {
		if of.has(m) {
			b = appendUvarint(b, uint32(f))
		}
	}
	return b
}

func (r *reader) frames(of machines, frames *[MaxPlayers]Frame) {
	for m := range frames {
		if of.has(m) {
			frames[m] = Frame(r.uvarint())
		}
	}
}

func (v *vote) append(b []byte, gone machines) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(v.promised))
	if v.promised == 0 {
		return b
	}
	b = append(b, byte(v.suspects))
	b = appendFrames(b, v.suspects|gone, &v.heads)
	b = binary.LittleEndian.AppendUint16(b, uint16(v.accepted))
	if v.accepted != 0 {
		b = append(b, byte(v.value.absent))
		b = appendFrames(b, v.value.absent|gone, &v.value.cuts)
	}
	return b
}

func (v *vote) read(r *reader, gone machines) {
	v.promised = ballotID(r.u16())
	if v.promised == 0 {
		return
	}
	v.suspects = machines(r.u8())
	r.frames(v.suspects|gone, &v.heads)
	v.accepted = ballotID(r.u16())
	if v.accepted != 0 {
		v.value.absent = machines(r.u8())
		r.frames(v.value.absent|gone, &v.value.cuts)
	}
}

// sane tells whether a vote can be one among these members. Frames of inputs are
// bounded, too: nobody can be complete beyond our inputs, and nobody sends far
// beyond what it is complete to.
func (s *Session) sane(v *vote, members machines) bool {
	if v.promised == 0 {
		return v.accepted == 0
	}
	for m := range v.heads {
		if v.heads[m] > s.farthest() || v.value.cuts[m] > s.farthest() {
			return false
		}
	}
	return v.accepted <= v.promised && (v.suspects|v.value.absent)&^members == 0 && members.has(v.promised.proposer())
}

func (s *Session) farthest() Frame { return s.most + MaxWindow + MaxDelay + 2 }

func (s *Session) appendStatus(b []byte, ask bool) []byte {
	kind := byte(kindStatus)
	if ask {
		kind |= flagAsk
	}
	b = append(b, byte(s.tag), byte(s.tag>>8), kind)
	b = appendUvarint(b, s.view)
	b = append(b, byte(s.absent))
	b = appendFrames(b, s.absent, &s.cuts)
	b = s.appendMember(b, s.self, s.complete, uint32(s.tick)&maxTold, s.hears)
	for i := range s.peers {
		p := &s.peers[i]
		b = s.appendMember(b, p.machine, p.reported, p.told, p.hears)
	}
	var heads [MaxPlayers]Frame
	s.holdings(&heads)
	return appendFrames(b, s.all, &heads)
}

// holdings are up to where this machine holds the inputs of each.
func (s *Session) holdings(heads *[MaxPlayers]Frame) {
	heads[s.self] = s.mine
	for i := range s.peers {
		p := &s.peers[i]
		if heads[p.machine] = p.head; p.gone {
			heads[p.machine] = min(p.head, s.cuts[p.machine])
		}
	}
}

// appendMember tells of one member of the view: how far it has come, whom it
// hears, and how it has voted.
func (s *Session) appendMember(b []byte, m int, complete Frame, told uint32, hears machines) []byte {
	if !s.ballot.members.has(m) {
		return b
	}
	b = append(b, byte(m))
	b = appendUvarint(b, uint32(complete))
	b = append(appendUvarint(b, told), byte(hears))
	return s.ballot.votes[m].append(b, s.absent)
}

// receiveStatus takes a packet of kindStatus after its tag.
func (s *Session) receiveStatus(p *peer, b []byte) bool {
	r := reader{packet: b}
	flags := r.u8()
	if flags&flagFill != 0 {
		return s.receiveFill(p, &r, flags&flagAsk != 0)
	}
	st := &s.told
	*st = status{view: r.uvarint(), absent: machines(r.u8())}
	if st.absent&^s.all != 0 || s.absent&^st.absent != 0 && st.view >= s.view {
		return false
	}
	r.frames(st.absent, &st.cuts)
	members := s.all &^ st.absent
	for range members.count() {
		m := int(r.u8())
		if m >= MaxPlayers || !members.has(m) {
			return false
		}
		st.complete[m] = Frame(r.uvarint())
		st.told[m], st.hears[m] = r.uvarint(), machines(r.u8())
		st.votes[m].read(&r, st.absent)
		if !s.sane(&st.votes[m], members) {
			return false
		}
	}
	r.frames(s.all, &st.heads)
	if r.bad || r.left() != 0 || st.view == s.view && st.absent != s.absent {
		return false
	}
	if st.view > s.view && !s.install(st.view, st.absent, &st.cuts) {
		return false
	}
	p.quiet = 0
	p.view = max(p.view, st.view)
	if flags&flagAsk != 0 {
		p.asked = s.tick
	}
	for m, f := range st.heads {
		p.heads[m] = max(p.heads[m], f)
	}
	if st.view != s.view {
		return true
	}
	var heads [MaxPlayers]Frame
	s.holdings(&heads)
	for i := range s.peers {
		q := &s.peers[i]
		if m := q.machine; members.has(m) {
			q.report(min(st.complete[m], s.mine))
			if st.told[m] > q.told {
				q.told, q.hears = st.told[m], st.hears[m]
			}
		}
	}
	for m := range st.votes {
		s.ballot.hear(m, &st.votes[m], &heads)
	}
	return true
}

// report notes that a machine has every input up to frame f, ours included.
func (p *peer) report(f Frame) {
	p.reported = max(p.reported, f)
	p.ack = max(p.ack, f)
}

// fill sends a peer that asks for it what it lacks of third machines' inputs.
func (s *Session) fill(p *peer) {
	for i := range s.peers {
		o := &s.peers[i]
		head := o.head
		if o.gone {
			head = min(head, s.cuts[o.machine])
		}
		from := p.heads[o.machine] + 1
		if o == p || from > head || from <= head-inputRing+MaxWindow {
			continue
		}
		for count := min(int(head-from)+1, maxRun); ; count = (count + 1) / 2 {
			flags, commands := byte(kindStatus|flagFill), false
			for _, seat := range o.seats {
				commands = commands || s.queues[seat].anyCommand(from, count)
			}
			if commands {
				flags |= flagAsk
			}
			s.packet = append(s.packet[:0], byte(s.tag), byte(s.tag>>8), flags, byte(o.machine))
			s.packet = append(appendUvarint(s.packet, uint32(from)), byte(count))
			for _, seat := range o.seats {
				if len(s.packet) <= MaxPacket {
					s.packet = appendSeat(s.packet, &s.queues[seat], from, count, commands)
				}
			}
			if len(s.packet) <= MaxPacket || count == 1 {
				break
			}
		}
		s.send(p)
	}
}

// receiveFill takes in the inputs of a third machine. Whom a promised ballot
// suspects is not believed about others either: it may have heard of them what
// nobody in the next view has.
func (s *Session) receiveFill(p *peer, r *reader, commands bool) bool {
	machine, from, count := int(r.u8()), Frame(r.uvarint()), int(r.u8())
	o := s.peerOf(machine)
	if r.bad || o == nil || o == p || count < 1 || count > maxRun || from < 1 || from+Frame(count) > s.farthest()+1 {
		return false
	}
	for i := range o.seats {
		s.blocks[i].parse(r, count, commands)
	}
	if r.bad || r.left() != 0 {
		return false
	}
	p.quiet = 0
	if p.gone || s.ballot.frozen.has(p.machine) || from > o.head+1 || o.gone && from+Frame(count)-1 > s.cuts[machine] {
		return true
	}
	for i, seat := range o.seats {
		s.absorb(&s.queues[seat], &s.blocks[i], from, count)
	}
	o.head = max(o.head, s.headOf(o))
	return true
}

// headOf is up to where all inputs of a machine are here.
func (s *Session) headOf(p *peer) Frame {
	f := never
	for _, seat := range p.seats {
		f = min(f, s.queues[seat].head)
	}
	return f
}

func (s *Session) peerOf(machine int) *peer {
	for i := range s.peers {
		if s.peers[i].machine == machine {
			return &s.peers[i]
		}
	}
	return nil
}
