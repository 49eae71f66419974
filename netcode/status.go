package netcode

import "encoding/binary"

// A status is what a machine says beside its inputs in trouble: its view, how far
// everybody has come as far as it knows, and how everybody has voted on the next view.
// Machines that hear each other only through a third play on by it: a machine that is
// asked answers with its own status, and with the inputs that the asker lacks.

const (
	flagFill = 0x04 // of kindStatus: inputs of a third machine
	flagAsk  = 0x08 // of kindStatus: the receiver shall answer; with flagFill: some frame has a Command

	askAfter = 10 // ticks of silence of anybody after which a machine asks the others
	askKept  = 4  // ticks that an ask is answered

	slowStatus = 8 // ticks between those on a narrow line, while there is no ballot

	maxTold = 1<<28 - 1 // of ticks: fifty days at 60 a second
)

// status is one such packet, taken apart. Everything is by machine.
type status struct {
	view     uint32
	absent   machines             // not in this view
	cuts     [MaxPlayers]Frame    // the last frames of those
	complete [MaxPlayers]Frame    // reported in this view
	heardAt  [MaxPlayers]uint32   // tick in which a machine told whom it hears
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

// sane reports whether a vote can be one among these members. Frames of inputs are
// bounded, too: nobody can be complete beyond our inputs, and nobody sends far
// beyond what it is complete to.
func (v *vote) sane(members machines, farthest Frame) bool {
	farthest += mostAhead // A leaver promises more than it has given.
	if v.promised == 0 {
		return v.accepted == 0
	}
	for m := range v.heads {
		if v.heads[m] > farthest || v.value.cuts[m] > farthest {
			return false
		}
	}
	return v.accepted <= v.promised && (v.suspects|v.value.absent)&^members == 0 && members.has(v.promised.proposer())
}

// farthest is a frame beyond which nobody can have inputs.
func (s *Session) farthest() Frame { return s.local.most + MaxWindow + MaxDelay + 2 }

func (s *Session) appendStatus(b []byte, ask bool) []byte {
	kind := byte(kindStatus)
	if ask {
		kind |= flagAsk
	}
	m := &s.members
	b = append(b, byte(s.port.tag), byte(s.port.tag>>8), kind)
	b = appendUvarint(b, m.view)
	b = append(b, byte(m.absent))
	b = appendFrames(b, m.absent, &m.cuts)
	b = m.appendMember(b, m.self, s.complete, uint32(s.tick)&maxTold, m.hears)
	for i := range s.peers {
		p := &s.peers[i]
		b = m.appendMember(b, p.machine, p.reported, p.heardAt, p.hears)
	}
	held := s.holdings()
	return appendFrames(b, m.all, &held)
}

// holdings are up to where this machine holds the inputs of each.
func (s *Session) holdings() (held [MaxPlayers]Frame) {
	held[s.members.self] = s.local.mine
	for i := range s.peers {
		p := &s.peers[i]
		if held[p.machine] = p.head; p.gone {
			held[p.machine] = min(p.head, s.members.cuts[p.machine])
		}
	}
	return held
}

// pledges are up to where this machine may hold inputs of each in this view: those
// that a leaver still gives will be taken.
func (s *Session) pledges() [MaxPlayers]Frame {
	held := s.holdings()
	for i := range s.members.others {
		if p := &s.members.others[i]; p.leaving && p.unheard < s.members.quietLimit() {
			held[p.machine] = s.members.lastOf(p)
		}
	}
	return held
}

// appendMember tells of one member of the view: how far it has come, whom it
// hears, and how it has voted.
func (m *membership) appendMember(b []byte, machine int, complete Frame, told uint32, hears machines) []byte {
	if !m.ballot.members.has(machine) {
		return b
	}
	b = append(b, byte(machine))
	b = appendUvarint(b, uint32(complete))
	b = append(appendUvarint(b, told), byte(hears))
	return m.ballot.votes[machine].append(b, m.absent)
}

// parse reads a status among these machines after its flags. Ours are the view and
// who is absent from it here.
func (st *status) parse(r *reader, all machines, view uint32, absent machines, farthest Frame) bool {
	*st = status{view: r.uvarint(), absent: machines(r.u8())}
	if st.absent&^all != 0 || absent&^st.absent != 0 && st.view >= view {
		return false
	}
	r.frames(st.absent, &st.cuts)
	members := all &^ st.absent
	for range members.count() {
		m := int(r.u8())
		if m >= MaxPlayers || !members.has(m) {
			return false
		}
		st.complete[m] = Frame(r.uvarint())
		st.heardAt[m], st.hears[m] = r.uvarint(), machines(r.u8())
		st.votes[m].read(r, st.absent)
		if !st.votes[m].sane(members, farthest) {
			return false
		}
	}
	r.frames(all, &st.heads)
	return !r.bad && r.left() == 0 && (st.view != view || st.absent == absent)
}

// receiveStatus takes a packet of kindStatus after its tag.
func (s *Session) receiveStatus(p *peer, b []byte) bool {
	r := reader{packet: b}
	flags := r.u8()
	if flags&flagFill != 0 {
		return s.receiveFill(p, &r, flags&flagAsk != 0)
	}
	st, m := &s.port.status, &s.members
	if !st.parse(&r, m.all, m.view, m.absent, s.farthest()) {
		return false
	}
	if st.view > m.view && !s.install(st.view, st.absent, &st.cuts) {
		return false
	}
	p.silence = 0
	p.view = max(p.view, st.view)
	if flags&flagAsk != 0 {
		p.asked = s.tick
	}
	for m, f := range st.heads {
		p.heads[m] = max(p.heads[m], f)
	}
	if st.view != m.view {
		return true
	}
	held, members := s.pledges(), m.all&^st.absent
	for i := range s.peers {
		q := &s.peers[i]
		if m := q.machine; members.has(m) {
			q.report(min(st.complete[m], s.local.mine))
			if st.heardAt[m] > q.heardAt {
				q.heardAt, q.hears = st.heardAt[m], st.hears[m]
			}
		}
	}
	for machine := range st.votes {
		m.ballot.hear(machine, &st.votes[machine], &held)
	}
	return true
}

// fill sends a peer that asks for it what it lacks of third machines' inputs.
func (s *Session) fill(p *peer) {
	for i := range s.peers {
		o := &s.peers[i]
		head := o.head
		if o.gone {
			head = min(head, s.members.cuts[o.machine])
		}
		from := p.heads[o.machine] + 1
		if o == p || from > head || from <= head-inputRing+MaxWindow {
			continue
		}
		for count := min(int(head-from)+1, maxRun); ; count = (count + 1) / 2 {
			flags, commands := byte(kindStatus|flagFill), false
			for _, seat := range o.seats {
				commands = commands || s.timeline.queues[seat].anyCommand(from, count)
			}
			if commands {
				flags |= flagAsk
			}
			s.port.out = append(s.port.out[:0], byte(s.port.tag), byte(s.port.tag>>8), flags, byte(o.machine))
			s.port.out = append(appendUvarint(s.port.out, uint32(from)), byte(count))
			for _, seat := range o.seats {
				if len(s.port.out) <= MaxPacket {
					s.port.out = appendSeat(s.port.out, &s.timeline.queues[seat], from, count, commands)
				}
			}
			if len(s.port.out) <= MaxPacket || count == 1 {
				break
			}
		}
		s.port.send(p.id)
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
		s.port.blocks[i].parse(r, count, commands)
	}
	if r.bad || r.left() != 0 {
		return false
	}
	p.silence = 0
	if p.gone || s.members.ballot.frozen.has(p.machine) || from > o.head+1 || o.gone && from+Frame(count)-1 > s.members.cuts[machine] {
		return true
	}
	for i, seat := range o.seats {
		s.timeline.absorb(seat, &s.port.blocks[i], from, count)
	}
	o.head = max(o.head, s.timeline.head(o.seats))
	return true
}

func (s *Session) peerOf(machine int) *peer {
	for i := range s.peers {
		if s.peers[i].machine == machine {
			return &s.peers[i]
		}
	}
	return nil
}

// troubled reports whether to ask the others how they are.
func (s *Session) troubled() bool {
	for i := range s.peers {
		p := &s.peers[i]
		if !p.gone && (p.silence >= askAfter || p.unlinked > 0) || p.gone && p.head < s.members.cuts[p.machine] || p.view > s.members.view {
			return true
		}
	}
	return s.members.voted()
}

// sendStatus sends a status to a peer, and what it lacks, if either needs it.
func (s *Session) sendStatus(p *peer, troubled bool) {
	asked := s.tick-p.asked < askKept
	behind := p.view < s.members.view && p.silence == 0
	if p.gone && !behind {
		return
	}
	if narrow := p.again.narrow(s.tick); narrow && s.tick%slowStatus != 0 && !s.members.voted() {
		return
	}
	if troubled || asked || behind {
		s.port.out = s.appendStatus(s.port.out[:0], troubled)
		s.port.send(p.id)
	}
	if asked {
		s.fill(p)
	}
}
