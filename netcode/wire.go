package netcode

import (
	"encoding/binary"
	"math/bits"
)

// The packets are described byte by byte in PROTOCOL.md. Raise protocolVersion when
// builds of before cannot play with a change.
const (
	protocolVersion = 4
	maxRun          = 64 // frames of inputs of all seats in one packet

	countUneven = 0x80 // of the byte with the count: seats have more frames than it says
)

// The third byte of every packet: kind and flags.
const (
	kindPlay    = 0x00
	kindHello   = 0x01
	kindDispute = 0x02
	kindStatus  = 0x03
	kindMask    = 0x03 // all four are taken; see flagFill

	disputeDone = 0x04 // the sender needs nothing more

	flagBlock    = 0x04 // confirmed frame and hash follow
	flagCommands = 0x08 // some frame has a Command
	flagBye      = 0x10 // this machine leaves after a last frame
	flagFin      = 0x20 // this machine has confirmed everything there will be
	flagEcho     = 0x40 // the tick byte heard last follows
	flagView     = 0x80 // the view number follows; without it, it is 0
)

// play is the one packet of a running match, one per peer and tick.
type play struct {
	flags     byte
	view      uint32
	seq       byte // low byte of the sender's tick: it tells the order of packets, see clock.hear
	echo      byte // low byte of the receiver's tick, as heard in this tick
	complete  Frame
	now       Frame // on the sender's screen
	ack       Frame // the sender holds the receiver's inputs up to here
	head      Frame // the last frame of which this packet has the inputs of all seats
	count     int   // frames of inputs up to head
	uneven    bool  // inputs begins with how many frames beyond head each seat has
	last      Frame // with flagBye: the sender's last frame
	voted     bool  // with flagBye: the sender has a vote on the next view
	confirmed Frame // with flagBlock
	hash      uint64
	inputs    []byte // borrowed from the packet
}

// reader takes a packet apart and never reads beyond it.
type reader struct {
	packet []byte
	at     int // what comes next
	bad    bool
}

func (r *reader) left() int { return len(r.packet) - r.at }

func (r *reader) rest() []byte { return r.packet[r.at:] }

func (r *reader) u8() byte {
	if r.at >= len(r.packet) {
		r.bad = true
		return 0
	}
	r.at++
	return r.packet[r.at-1]
}

func (r *reader) u16() uint16 {
	if b := r.bytes(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > r.left() {
		r.bad, r.at = true, len(r.packet)
		return nil
	}
	r.at += n
	return r.packet[r.at-n : r.at]
}

// uvarint reads up to 28 bits, so that no sum of two overflows a Frame.
func (r *reader) uvarint() uint32 {
	v := uint32(0)
	for shift := 0; shift < 28; shift += 7 {
		c := r.u8()
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

func (r *reader) varint() Frame {
	v := r.uvarint()
	return Frame(v>>1) ^ -Frame(v&1)
}

func appendUvarint(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendVarint(b []byte, v Frame) []byte { return appendUvarint(b, uint32(v<<1)^uint32(v>>31)) }

// appendHeader writes everything but the inputs.
func (m *play) appendHeader(b []byte, tag uint16) []byte {
	b = append(b, byte(tag), byte(tag>>8), m.flags)
	if m.flags&flagView != 0 {
		b = appendUvarint(b, m.view)
	}
	b = append(b, m.seq, byte(m.complete), byte(m.complete>>8))
	b = appendVarint(b, m.now-m.complete)
	b = appendVarint(b, m.ack-m.complete)
	if m.flags&flagEcho != 0 {
		b = append(b, m.echo)
	}
	if m.flags&flagBlock != 0 {
		b = appendVarint(b, m.complete-m.confirmed)
		b = binary.LittleEndian.AppendUint64(b, m.hash)
	}
	b = appendVarint(b, m.head-m.now)
	if m.uneven {
		b = append(b, byte(m.count)|countUneven)
	} else {
		b = append(b, byte(m.count))
	}
	if m.flags&flagBye != 0 {
		v := uint32(m.last-m.head) << 1
		if m.voted {
			v |= 1
		}
		b = appendUvarint(b, v)
	}
	return b
}

// parse reads a play packet after its tag. Frames are told by their low bits
// and by differences; near is a Complete of the sender that we know of.
func (m *play) parse(b []byte, near Frame) bool {
	r := reader{packet: b}
	m.flags = r.u8()
	m.view = 0
	if m.flags&flagView != 0 {
		m.view = r.uvarint()
	}
	m.seq = r.u8()
	m.complete = near + Frame(int16(r.u16()-uint16(near)))
	m.now = m.complete + r.varint()
	m.ack = m.complete + r.varint()
	if m.flags&flagEcho != 0 {
		m.echo = r.u8()
	}
	if m.flags&flagBlock != 0 {
		m.confirmed = m.complete - r.varint()
		m.hash = r.u64()
	}
	m.head = m.now + r.varint()
	count := r.u8()
	m.count, m.uneven = int(count&^countUneven), count&countUneven != 0
	m.last = m.head
	if m.flags&flagBye != 0 {
		v := r.uvarint()
		m.last, m.voted = m.head+Frame(v>>1), v&1 != 0
	}
	m.inputs = r.rest()
	return !r.bad && m.flags&kindMask == kindPlay && m.count <= maxRun &&
		m.complete >= 0 && m.now >= 0 && m.ack >= m.complete &&
		m.head >= Frame(m.count) && m.last >= m.head && m.last-m.head <= inputRing &&
		(m.flags&flagBlock == 0 || m.confirmed >= 0 && m.confirmed <= m.complete)
}

// appendSeat writes the inputs of one seat from frame from on. Each frame is
// told as a difference to the one before it: a byte with a bit for each of the
// eight bytes of Bits that ever changes; if there is one, a bit for each frame
// that has changes; and for each of those, the changed bytes.
func appendSeat(b []byte, q *queue, from Frame, count int, commands bool) []byte {
	prev, all := q.at(from-1), uint64(0)
	for k := range count {
		v := q.at(from + Frame(k))
		all |= v ^ prev
		prev = v
	}
	mask := byte(0)
	for all != 0 {
		i := bits.TrailingZeros64(all) / 8
		mask |= 1 << i
		all &^= 0xff << (8 * i)
	}
	b = append(b, mask)
	if mask != 0 {
		flags := len(b)
		for range (count + 7) / 8 {
			b = append(b, 0)
		}
		prev = q.at(from - 1)
		for k := range count {
			v := q.at(from + Frame(k))
			if diff := v ^ prev; diff != 0 {
				b[flags+k/8] |= 1 << (k % 8)
				for left := mask; left != 0; left &= left - 1 {
					b = append(b, byte(diff>>(8*bits.TrailingZeros8(left))))
				}
			}
			prev = v
		}
	}
	if commands {
		at, n := len(b), 0
		b = append(b, 0)
		for k := range count {
			if c := q.command(from + Frame(k)); len(c) > 0 {
				b = append(b, byte(k), byte(len(c)-1))
				b = append(b, c...)
				n++
			}
		}
		b[at] = byte(n)
	}
	return b
}

// seatBlock is one seat's inputs in a packet, taken apart but not yet applied.
type seatBlock struct {
	mask     byte
	flags    []byte
	values   []byte
	commands []byte // index, length-1, bytes; checked
}

// parse checks one seat's inputs completely, so that applying can't fail.
func (s *seatBlock) parse(r *reader, count int, commands bool) {
	*s = seatBlock{mask: r.u8()}
	if s.mask != 0 {
		s.flags = r.bytes((count + 7) / 8)
		n := 0
		for i, c := range s.flags {
			if rest := count - 8*i; rest < 8 && c>>rest != 0 {
				r.bad = true
			}
			n += bits.OnesCount8(c)
		}
		s.values = r.bytes(n * bits.OnesCount8(s.mask))
	}
	if commands {
		n := int(r.u8())
		start := r.at
		next := 0
		for range n {
			k := int(r.u8())
			r.bytes(int(r.u8()) + 1)
			if r.bad || k < next || k >= count {
				r.bad = true
				return
			}
			next = k + 1
		}
		s.commands = r.packet[start:r.at]
	}
}

// skip passes over the frames before index k.
func (s *seatBlock) skip(k int) {
	if s.mask != 0 {
		n := bits.OnesCount8(s.flags[k/8] & (1<<(k%8) - 1))
		for _, c := range s.flags[:k/8] {
			n += bits.OnesCount8(c)
		}
		s.values = s.values[n*bits.OnesCount8(s.mask):]
	}
	for len(s.commands) > 0 && int(s.commands[0]) < k {
		s.commands = s.commands[3+int(s.commands[1]):]
	}
}

// next returns the input of frame index k; indices must come in order, and
// prev is the Bits of the frame before.
func (s *seatBlock) next(k int, prev uint64) (v uint64, command []byte) {
	v = prev
	if s.mask != 0 && s.flags[k/8]>>(k%8)&1 != 0 {
		i := 0
		for left := s.mask; left != 0; left &= left - 1 {
			v ^= uint64(s.values[i]) << (8 * bits.TrailingZeros8(left))
			i++
		}
		s.values = s.values[i:]
	}
	if len(s.commands) > 0 && int(s.commands[0]) == k {
		n := int(s.commands[1]) + 1
		command = s.commands[2 : 2+n]
		s.commands = s.commands[2+n:]
	}
	return v, command
}
