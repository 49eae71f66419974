package netcode

import (
	"bytes"
	"testing"
)

// FuzzWire feeds bytes to the decoders: nothing panics, and what is accepted
// says nothing outside of the limits.
func FuzzWire(f *testing.F) {
	terms := Terms{Players: 2, Seed: 1, Build: "x", Setup: []byte("y"), Rate: 60, Timeout: 300}
	f.Add(appendHello(nil, 1, helloHeard, &terms, []byte{0, 1}, endsOf(1, 0), 1, 8, 5))
	f.Add(appendHello(nil, 1, helloHeard, &terms, []byte{0, 1}, endsOf(1, 0), 1, MaxWindow+1, 5))
	m := play{flags: flagEcho | flagBlock | flagCommands, complete: 3, now: 4, ack: 5, head: 6, count: 6}
	f.Add(appendSeat(m.appendHeader(nil, 1), filled(3, 6, true), 1, 6, true))
	for _, c := range samples() {
		if c.b[2]&kindMask == kindDispute {
			f.Add(c.b)
		}
	}
	m = play{complete: 3, now: 4, ack: 5, head: 6, count: 4, uneven: true}
	f.Add(appendSeat(append(m.appendHeader(nil, 1), 2), filled(3, 6, false), 1, 6, false))
	f.Add([]byte{0, 0, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 3 {
			return
		}
		var h hello
		if h.parse(b[2:]) && h.version == protocolVersion {
			if len(h.setup) > setupShown || len(h.build) > 255 || len(h.seats) > MaxPlayers || h.window > MaxWindow {
				t.Fatalf("%+v", h)
			}
			h.differs(&terms, []byte{0, 1}, endsOf(1, 0), 1, 5)
		}
		var d disputed
		if d.parse(b[2:]) && (d.first > d.mark || len(d.bytes) > pieceSize || d.offset+len(d.bytes) > max(d.length, 0)) {
			t.Fatalf("%+v", d)
		}
		for _, near := range []Frame{0, 1, 40000, 1 << 30} {
			var m play
			if !m.parse(b[2:], near) {
				continue
			}
			if m.count > maxRun || m.complete < 0 || m.now < 0 || m.ack < m.complete || m.head < Frame(m.count) || m.last < m.head {
				t.Fatalf("%+v", m)
			}
			r := reader{packet: m.inputs}
			if m.uneven {
				m.count += int(r.u8())
			}
			if m.count == 0 {
				continue
			}
			var block seatBlock
			block.parse(&r, m.count, m.flags&flagCommands != 0)
			if r.bad {
				continue
			}
			prev := uint64(0)
			for k := range m.count {
				v, c := block.next(k, prev)
				if len(c) > MaxCommand {
					t.Fatalf("Command of %d bytes", len(c))
				}
				prev = v
			}
			if len(block.values) != 0 || len(block.commands) != 0 {
				t.Fatalf("%d values and %d bytes of Commands were left over", len(block.values), len(block.commands))
			}
		}
	})
}

// FuzzSession plays a match while a third party's bytes arrive as if they came
// from the other machine: as they are, or laid over a real packet. Nothing
// panics, memory stays bounded, and what is not understood is counted.
func FuzzSession(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint8(0), uint8(5))
	f.Add([]byte{0xff, 0, 0xff, 0xff, 0xff, 0x0f, 9, 9, 9, 9}, uint8(2), uint8(40))
	f.Add([]byte{0x10, 0x04, 0x90}, uint8(9), uint8(80))
	lie := append([]byte{kindDispute, 32, 0, 0, 0}, make([]byte, 8*(markEvery+1))...)
	f.Add(append(lie, 0, 0, 0, 0), uint8(0), uint8(80))
	f.Add(append(append(lie, 1, 0, 0, 0, 80, 0, 0, 0), make([]byte, 4*partCount+8)...), uint8(0), uint8(90))
	f.Fuzz(func(t *testing.T, junk []byte, offset, at uint8) {
		ends := newBus(2)
		var sessions []*Session
		for i := range 2 {
			s, err := NewSession(&toy{}, ends[i], Config{Terms: Terms{Players: 4}, Seats: []Peer{0, 1, Nobody, 1}, Self: Peer(i)})
			if err != nil {
				t.Fatal(err)
			}
			sessions = append(sessions, s)
		}
		var real [MaxPacket]byte
		for tick := range 120 {
			for i, s := range sessions {
				in := Input{Bits: uint64(tick / 3)}
				if tick%11 == 0 {
					in.Command = []byte("hey")
				}
				if i == 1 && tick%32 == 31 { // its two seats differ by more and less
					s.SetDelay(3, tick/4)
				}
				if err := s.Advance([]Input{in, in}[:i+1]...); err != nil {
					return // a lie may end the match; it may not crash it
				}
				if i == 1 && tick >= int(at) && tick < int(at)+20 {
					x := &ends[0].boxes[0]
					if k := int(offset) % 16; x.n > 0 && offset >= 16 {
						last := (x.head + x.n - 1) % len(x.packets)
						n := copy(real[:], x.packets[last][:x.size[last]])
						for j, c := range junk {
							if k+j < n {
								real[k+j] ^= c
							}
						}
						ends[1].Send(0, real[:n])
					} else {
						tagged := append([]byte{byte(sessions[0].port.tag), byte(sessions[0].port.tag >> 8)}, junk...)
						ends[1].Send(0, tagged[:min(len(tagged), MaxPacket)])
					}
				}
			}
		}
	})
}

// FuzzView plays a match of four in which one dies, or with offset 128 and above
// never comes, and one leaves, while what
// one of the others says about it is full of errors: as it is, or laid over what
// it really says. Nothing panics, and no confirmed frame is taken back.
func FuzzView(f *testing.F) {
	f.Add([]byte{kindStatus, 1, 8, 30}, uint8(0), uint8(50))
	f.Add([]byte{kindStatus | flagFill, 3, 20, 3, 1, 7, 1, 2, 3}, uint8(0), uint8(45))
	for _, offset := range []uint8{17, 19, 20, 22, 24, 25, 26, 28, 30} {
		f.Add([]byte{0x01, 0x10}, offset, uint8(60))
		f.Add([]byte{0x08}, offset, uint8(80))
		f.Add([]byte{0x01, 0x10}, offset|128, uint8(15))
	}
	f.Fuzz(func(t *testing.T, junk []byte, offset, at uint8) {
		ends := newBus(4)
		var sessions []*Session
		for i := range 4 {
			s, err := NewSession(&toy{}, ends[i], Config{Terms: Terms{Players: 4, Timeout: 20}, Seats: []Peer{0, 1, 2, 3}, Self: Peer(i)})
			if err != nil {
				t.Fatal(err)
			}
			sessions = append(sessions, s)
		}
		var over [4]bool
		var real [MaxPacket]byte
		for tick := range 140 {
			if tick == 90 {
				sessions[2].Leave()
			}
			for i, s := range sessions {
				if over[i] || i == 3 && (tick > 40 || offset >= 128) {
					continue
				}
				before := s.ledger.confirmed
				over[i] = s.Advance(Input{Bits: uint64(tick / 3)}) != nil || s.Done()
				if s.ledger.confirmed < before {
					t.Fatalf("machine %d: confirmed fell from frame %d to %d", i, before, s.ledger.confirmed)
				}
				if i != 1 || tick < int(at) || tick >= int(at)+20 {
					continue
				}
				x, n, k := &ends[0].boxes[0], 0, int(offset)%64
				for j := range x.n {
					if j = (x.head + j) % len(x.packets); x.from[j] == 1 && x.size[j] > 2 && x.packets[j][2]&kindMask == kindStatus {
						n = copy(real[:], x.packets[j][:x.size[j]])
					}
				}
				if offset < 16 || n == 0 {
					n = 2 + copy(real[2:], junk)
					real[0], real[1] = byte(s.port.tag), byte(s.port.tag>>8)
				} else {
					for j, c := range junk {
						if k+j < n {
							real[k+j] ^= c
						}
					}
				}
				ends[1].Send(0, real[:n])
			}
		}
	})
}

func TestJunkIsCountedAndDropped(t *testing.T) {
	sessions, lags := match(t, 2, 0, 0, func() Game { return &toy{} })
	for range 20 {
		play1(t, sessions, lags, func(i int) uint64 { return 1 })
	}
	s := sessions[0]
	tag := []byte{byte(s.port.tag), byte(s.port.tag >> 8)}
	far := play{complete: s.local.mine + 1, now: s.local.mine, ack: s.local.mine + 1, head: s.local.mine + 1}
	gap := play{complete: s.complete, now: s.timeline.now, ack: s.local.mine, head: s.peers[0].head + 3, count: 1}
	cheat := play{complete: s.complete, now: s.complete + 200, ack: s.local.mine, head: s.complete + 201}
	liar := play{flags: flagBye, complete: s.complete, now: s.timeline.now, ack: s.local.mine, head: s.timeline.now - 5, last: s.timeline.now - 5}
	farSeat := play{complete: s.complete, now: s.timeline.now, ack: s.local.mine, head: s.peers[0].head, uneven: true}
	for name, b := range map[string][]byte{
		"empty":             {},
		"tag only":          tag,
		"another tag":       {tag[0] ^ 1, tag[1], 0, 0, 0, 0, 0, 0, 0, 0},
		"unknown kind":      append(bytes.Clone(tag), 3, 0, 0),
		"cut short":         append(bytes.Clone(tag), 0, 1, 2),
		"too long":          append(bytes.Clone(tag), make([]byte, MaxPacket)...),
		"acks the future":   far.appendHeader(nil, s.port.tag),
		"beyond its window": cheat.appendHeader(nil, s.port.tag),
		"a seat far beyond": append(farSeat.appendHeader(nil, s.port.tag), MaxDelay+9, 0),
		"a seat cut short":  append(farSeat.appendHeader(nil, s.port.tag), 1),
		"left long ago":     liar.appendHeader(nil, s.port.tag),
	} {
		before := *s
		if s.receiveRaw(b, 1) {
			t.Errorf("%s: taken", name)
		}
		if s.complete != before.complete || s.peers[0].head != before.peers[0].head || s.err != nil {
			t.Errorf("%s: changed something", name)
		}
	}
	head := s.peers[0].head
	if s.receiveRaw(append(gap.appendHeader(nil, s.port.tag), 0), 1); s.peers[0].head != head {
		t.Error("inputs beyond a gap were taken")
	}
	if s.receiveRaw([]byte{tag[0], tag[1], 0}, 9) {
		t.Error("a stranger was heard")
	}
}

// A packet that comes much too late takes nothing back.
func TestOldPacketsChangeNothing(t *testing.T) {
	sessions, lags := match(t, 2, 0, 0, func() Game { return &toy{} })
	play := func(n int) {
		for range n {
			play1(t, sessions, lags, func(i int) uint64 { return 1 })
		}
	}
	play(20)
	a, b := sessions[0], sessions[1]
	old := bytes.Clone(b.encode(nil, &b.peers[0]))
	for _, n := range []int{1, 10, 100, 600} {
		play(n)
		before := a.peers[0]
		a.receiveRaw(old, 1)
		after := a.peers[0]
		if after.head != before.head || after.ack != before.ack || after.complete != before.complete || after.now != before.now || after.clock.tick != before.clock.tick {
			t.Errorf("%d ticks later: %+v became %+v", n, before, after)
		}
	}
	play(20)
}

// receiveRaw is what hear does with one packet.
func (s *Session) receiveRaw(b []byte, from Peer) bool {
	return len(b) >= 3 && len(b) <= MaxPacket && s.receive(b, from)
}
