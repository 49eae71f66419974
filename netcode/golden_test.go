package netcode

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scribe reads packets by PROTOCOL.md, with nothing of the decoders, and writes
// what each byte means. It takes the full Complete as known.
type scribe struct {
	b     []byte
	out   strings.Builder
	short bool // there were fewer bytes than it wanted
}

// take notes n bytes and returns them.
func (s *scribe) take(n int, format string, args ...any) []byte {
	if n > len(s.b) {
		s.short, n = true, len(s.b)
	}
	v := s.b[:n:n] // so that who appends to it gets a copy
	s.b = s.b[n:]
	s.note(v, fmt.Sprintf(format, args...))
	return v
}

func (s *scribe) note(v []byte, text string) {
	for len(v) > 16 {
		fmt.Fprintf(&s.out, "%x\n", v[:16])
		v = v[16:]
	}
	fmt.Fprintf(&s.out, "%-34x%s\n", v, text)
}

func (s *scribe) peek() byte {
	if len(s.b) == 0 {
		s.short = true
		return 0
	}
	return s.b[0]
}

func (s *scribe) u8(what string) int { return int(append(s.take(1, "%s %d", what, s.peek()), 0)[0]) }

func (s *scribe) uint(n int, what string) uint64 {
	var v [8]byte
	copy(v[:n], s.b)
	x := binary.LittleEndian.Uint64(v[:])
	if n == 8 {
		s.take(n, "%s %016x", what, x)
	} else {
		s.take(n, "%s %d", what, x)
	}
	return x
}

// uvarint reads one, and tells it with the number that tell makes of it.
func (s *scribe) uvarint(what string, tell func(v int) int) int {
	v, n := 0, 0
	for {
		if n == 4 || n == len(s.b) {
			s.short = true
			break
		}
		c := s.b[n]
		v |= int(c&0x7f) << (7 * n)
		if n++; c < 0x80 {
			break
		}
	}
	if tell != nil {
		v = tell(v)
	}
	s.take(n, "%s %d", what, v)
	return v
}

// from adds a zigzag difference to a number.
func from(base int) func(int) int { return func(v int) int { return base + (v>>1 ^ -(v & 1)) } }
func plus(base int) func(int) int { return func(v int) int { return base + v } }

func (s *scribe) flags(kind string, names ...string) byte {
	f := s.peek()
	text := kind
	for i, name := range names {
		if f>>(i+2)&1 != 0 && name != "" {
			text += ", " + name
		}
	}
	s.take(1, "%s", text)
	return f
}

// packet tells a whole one. Complete is that of the sender, seats are its.
func (s *scribe) packet(complete, seats int) {
	s.take(2, "tag")
	switch s.peek() & 3 {
	case 0:
		s.play(complete, seats)
	case 1:
		s.hello()
	case 2:
		s.dispute()
	case 3:
		if s.peek()&4 != 0 {
			s.fill(seats)
		} else {
			s.status(seats)
		}
	}
}

// set notes a byte with a bit for each machine.
func (s *scribe) set(what string) (m []int) {
	f := s.peek()
	for i := range 8 {
		if f>>i&1 != 0 {
			m = append(m, i)
		}
	}
	s.take(1, "%s %v", what, m)
	return m
}

func (s *scribe) frames(what string, of ...int) {
	slices.Sort(of)
	for _, m := range slices.Compact(of) {
		s.uvarint(fmt.Sprintf("%s of machine %d", what, m), nil)
	}
}

// status tells one of a match on so many machines.
func (s *scribe) status(machines int) {
	s.flags("status", "", "ask")
	s.uvarint("view", nil)
	gone := s.set("without machines")
	s.frames("last frame", gone...)
	for range machines - len(gone) {
		s.u8("machine")
		s.uvarint("  complete", nil)
		s.uvarint("  told at its tick", nil)
		s.set("  it hears")
		if s.ballot("  promised") {
			s.frames("  held", append(s.set("  suspects"), gone...)...)
			if s.ballot("  accepted") {
				s.frames("  last frame", append(s.set("  to go without"), gone...)...)
			}
		}
	}
	for m := range machines {
		s.frames("held", m)
	}
}

func (s *scribe) ballot(what string) bool {
	v := binary.LittleEndian.Uint16(append(s.b[:min(2, len(s.b)):2], 0, 0))
	if v == 0 {
		s.take(2, "%s nothing", what)
		return false
	}
	s.take(2, "%s ballot %d of machine %d", what, v>>3, v&7)
	return true
}

// fill tells inputs of a machine with so many seats.
func (s *scribe) fill(seats int) {
	commands := s.flags("fill", "", "commands")&0x08 != 0
	s.u8("of machine")
	s.uvarint("from frame", nil)
	count := s.u8("frames of inputs")
	for i := range seats {
		s.seat(i, count, commands)
	}
}

func (s *scribe) hello() {
	s.flags("hello", "heard", "bye")
	s.u8("version")
	s.take(16, "nonce")
	s.uint(8, "fingerprint")
	s.uint(8, "seed")
	players := s.u8("players")
	s.uvarint("rate", nil)
	s.uvarint("timeout", nil)
	for p := range players {
		s.u8(fmt.Sprintf("player %d is on machine", p))
	}
	s.take(1, "from machine %d to machine %d", s.b[0]>>4, s.b[0]&0xf)
	s.u8("a hash in so many frames")
	s.u8("window")
	n := s.u8("length of build")
	s.take(n, "build %q", s.b[:min(n, len(s.b))])
	n = s.uvarint("length of setup", nil)
	s.uint(8, "hash of setup")
	s.take(min(n, 256), "setup %q", s.b[:min(n, 256, len(s.b))])
}

func (s *scribe) play(complete, seats int) {
	flags := s.flags("play", "block", "commands", "bye", "fin", "echo", "view")
	if flags&0x80 != 0 {
		s.uvarint("view", nil)
	}
	s.u8("tick")
	if low := binary.LittleEndian.Uint16(append(s.take(2, "complete %d", complete), 0, 0)); low != uint16(complete) {
		s.out.WriteString("COMPLETE DIFFERS\n")
	}
	screen := s.uvarint("screen", from(complete))
	s.uvarint("ack", from(complete))
	if flags&0x40 != 0 {
		s.u8("echo of tick")
	}
	if flags&0x04 != 0 {
		s.uvarint("confirmed", func(v int) int { return complete - from(0)(v) })
		s.uint(8, "hash")
	}
	head := s.uvarint("head", from(screen))
	count := int(s.peek() & 0x7f)
	uneven := s.peek()&0x80 != 0
	s.take(1, "frames of inputs %d%s", count, map[bool]string{true: ", uneven"}[uneven])
	if flags&0x10 != 0 {
		last := s.uvarint("twice the last frame beyond head, and 1 with a vote:", nil)
		s.note(nil, fmt.Sprintf("  last frame %d, with a vote: %v", head+last>>1, last&1 != 0))
	}
	counts := make([]int, seats)
	for i := range counts {
		counts[i] = count
		if uneven {
			counts[i] += s.u8(fmt.Sprintf("beyond head of seat %d:", i))
		}
	}
	if count > 0 || uneven {
		for i, n := range counts {
			s.seat(i, n, flags&0x08 != 0)
		}
	}
}

func (s *scribe) seat(i, count int, commands bool) {
	mask := s.take(1, "seat %d, bytes that change %08b", i, s.peek())
	if width := strings.Count(fmt.Sprintf("%b", mask), "1"); width > 0 {
		bits := s.take((count+7)/8, "in frames")
		for k := range count {
			if k/8 < len(bits) && bits[k/8]>>(k%8)&1 != 0 {
				s.take(width, "  frame %d", k)
			}
		}
	}
	if commands {
		for range s.u8("frames with a Command") {
			s.u8("  frame")
			n := s.uvarint("  length", plus(1))
			s.take(n, "  %q", s.b[:min(n, len(s.b))])
		}
	}
}

func (s *scribe) dispute() {
	s.flags("dispute", "done")
	mark := int(s.uint(4, "mark"))
	for f := mark - 32; f <= mark; f++ {
		s.uint(8, fmt.Sprintf("hash of frame %d", f))
	}
	if s.uint(4, "first that differs") == 0 {
		return
	}
	if s.uint(4, "length of state") == 0 {
		return
	}
	s.uint(4, "length of a part")
	for i := range 64 {
		s.take(4, "half hash of part %d", i)
	}
	if len(s.b) > 0 {
		s.uint(4, "offset of a piece")
		s.take(len(s.b), "that piece")
	}
}

// taken makes a queue of inputs.
func taken(inputs ...Input) *queue {
	q := newQueue()
	for _, in := range inputs {
		q.put(in.Bits, in.Command, 0)
	}
	return &q
}

// sample is one packet of each kind.
type sample struct {
	name            string
	b               []byte
	complete, seats int
}

func samples() []sample {
	const tag = 0xbeef
	terms := Terms{Players: 3, Nonce: [16]byte{1, 2, 3}, Seed: 77, Setup: []byte("level 4"), Build: "toy 1", Rate: 60, Timeout: 300}
	all := []sample{{name: "hello", b: appendHello(nil, tag, helloHeard, &terms, []byte{0, 1, 0}, endsOf(1, 0), 1, 8, 0x1122334455667788)}}

	walk := taken(Input{Bits: 1}, Input{Bits: 1}, Input{Bits: 3}, Input{Bits: 0x80000000000003}, Input{})
	talk := taken(Input{Bits: 4, Command: []byte("go")}, Input{Bits: 4}, Input{Bits: 4, Command: []byte("gg wp")})
	still := taken(Input{}, Input{}, Input{})
	for _, c := range []struct {
		name  string
		seats []*queue
		m     play
	}{
		{"play-quiet", []*queue{walk}, play{flags: flagEcho, seq: 3, echo: 1, complete: 70000, now: 70002, ack: 70001, head: 70004}},
		{"play-inputs", []*queue{walk}, play{flags: flagEcho, seq: 3, echo: 1, complete: 2, now: 3, ack: 4, head: 5, count: 5}},
		{"play-commands", []*queue{talk, still}, play{flags: flagCommands, seq: 3, complete: 2, now: 3, ack: 4, head: 3, count: 3}},
		{"play-block", []*queue{walk}, play{flags: flagBlock, seq: 200, complete: 100, now: 103, ack: 104, head: 105, confirmed: 97, hash: 0x1122334455667788}},
		{"play-uneven", []*queue{still, walk}, play{seq: 3, complete: 2, now: 3, ack: 4, head: 3, count: 3, uneven: true}},
		{"play-view", []*queue{still}, play{flags: flagView, view: 300, seq: 9, complete: 70000, now: 69999, ack: 70003, head: 70004}},
		{"play-bye", []*queue{talk}, play{flags: flagBye | flagFin, seq: 200, complete: 1, now: 1, ack: 1, head: 2, count: 2, last: 4, voted: true}},
	} {
		b := c.m.appendHeader(nil, tag)
		counts := make([]int, len(c.seats))
		for i, q := range c.seats {
			counts[i] = c.m.count
			if c.m.uneven {
				counts[i] = int(q.head)
				b = append(b, byte(counts[i]-c.m.count))
			}
		}
		for i, q := range c.seats {
			if counts[i] > 0 {
				b = appendSeat(b, q, 1, counts[i], c.m.flags&flagCommands != 0)
			}
		}
		all = append(all, sample{c.name, b, int(c.m.complete), len(c.seats)})
	}

	l := ledger{every: 1, confirmed: 64}
	for f := range l.chain {
		l.chain[f] = uint64(f) * 0x0101010101010101
	}
	d := dispute{ledger: &l, mark: 64, err: &DesyncError{}}
	all = append(all, sample{name: "dispute-hashes", b: d.append(nil, tag)})
	d.known, d.err.Frame = true, 40
	all = append(all, sample{name: "dispute-nothing", b: d.append(nil, tag)})
	d.err.State = []byte(strings.Repeat("state ", 100))
	d.measure(partSize(600))
	all = append(all, sample{name: "dispute-parts", b: d.append(nil, tag)})
	d.asked, d.done = 1<<33, true
	all = append(all, sample{name: "dispute-bytes", b: d.append(nil, tag)})

	// Machine 3 has left after frame 50, machine 1 is suspected by machine 0, and
	// machine 2 has accepted to go on without it after frame 98.
	v := Session{port: port{tag: tag}, tick: 300, local: seats{mine: 103}, complete: 97}
	v.members = membership{view: 1, all: 0xf, absent: setOf(3), hears: setOf(2)}
	v.members.cuts[3] = 50
	v.peers = []peer{
		{member: &member{machine: 1, heardAt: 260, hears: setOf(0) | setOf(2)}, channel: channel{head: 97, reported: 90}},
		{member: &member{machine: 2, heardAt: 298, hears: setOf(0)}, channel: channel{head: 102, reported: 96}},
		{member: &member{machine: 3, gone: true}, channel: channel{head: 50}},
	}
	v.members.newBallot(300)
	quiet := v.appendStatus(nil, true)
	own := vote{promised: 1 << 3, suspects: setOf(1)}
	own.heads[1], own.heads[3] = 97, 50
	v.members.ballot.votes[0] = own
	own.heads[1] = 98
	own.accepted, own.value.absent = own.promised, setOf(1)
	own.value.cuts[1], own.value.cuts[3] = 98, 50
	v.members.ballot.votes[2] = own
	all = append(all, sample{name: "status-quiet", b: quiet, seats: 4}, sample{name: "status-ballot", b: v.appendStatus(nil, false), seats: 4})

	var sent box
	b := bus{boxes: []box{{}, {}, {}}}
	v.port.net, v.timeline.queues[1] = &b, *talk
	v.peers = []peer{{member: &member{machine: 1}, channel: channel{head: 3}, seats: []Player{1}}, {member: &member{machine: 2}, id: 2}}
	v.fill(&v.peers[1])
	sent = b.boxes[2]
	return append(all, sample{name: "fill", b: sent.packets[0][:sent.size[0]], seats: 1})
}

// The bytes of packets are a promise to other builds: if this fails on purpose,
// raise protocolVersion and run with -rewrite. Each file of testdata/wire is one
// packet, byte by byte, read by PROTOCOL.md and nothing else.
func TestGoldenWire(t *testing.T) {
	all := samples()
	for _, c := range all {
		if len(c.b) > MaxPacket {
			t.Errorf("%s: %d bytes", c.name, len(c.b))
		}
		s := scribe{b: c.b}
		fmt.Fprintf(&s.out, "%s, version %d, %d bytes\n\n", c.name, protocolVersion, len(c.b))
		s.packet(c.complete, c.seats)
		if s.short || len(s.b) > 0 || strings.Contains(s.out.String(), "DIFFERS") {
			t.Errorf("%s is not what PROTOCOL.md says, %d bytes are left:\n%s", c.name, len(s.b), s.out.String())
			continue
		}
		file := filepath.Join("testdata", "wire", c.name+".txt")
		if *rewrite {
			if err := os.WriteFile(file, []byte(s.out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil {
			t.Error(err)
		} else if s.out.String() != string(want) {
			t.Errorf("the bytes of %s changed:\n%s\nwas\n%s", c.name, s.out.String(), want)
		}
	}
	if files, _ := filepath.Glob("testdata/wire/*"); len(files) != len(all) {
		t.Errorf("%d files are in testdata/wire, must be %d", len(files), len(all))
	}
}
