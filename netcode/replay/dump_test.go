package replay_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/replay"
	"github.com/punchback/punchback/netcode/simnet"
)

// duel is a game with names; wrong is the frame from which on it goes wrong.
type duel struct {
	Tick    int32
	Players [2]struct {
		Pos, Vel struct{ X, Y int32 }
		Alive    bool
	}
	Rest [1000]uint8
}

func newDuel(wrong int32, wild bool) netcode.Game {
	var state duel
	return plain.New(&state, func(s *duel, in []netcode.Input) {
		s.Tick++
		for p := range in {
			b := &s.Players[p]
			b.Vel.X += int32(in[p].Bits&3) - 1
			b.Pos.X += b.Vel.X
			b.Alive = true
			s.Rest[int(s.Tick)*7%len(s.Rest)] += uint8(len(in[p].Command)) + uint8(in[p].Bits)
		}
		if wrong > 0 && s.Tick >= wrong {
			s.Players[1].Vel.X -= 3
			if wild {
				for i := range s.Rest {
					s.Rest[i] += uint8(i)
				}
			}
		}
	})
}

// desync plays a match whose second machine goes wrong, and gives both errors.
func desync(t testing.TB, path simnet.Path, game func(m int) netcode.Game) (e [2]*netcode.DesyncError) {
	t.Helper()
	net := simnet.New(7, 2)
	net.SetAll(path)
	var sessions [2]*netcode.Session
	for m := range sessions {
		s, err := netcode.NewSession(game(m), net.Peer(netcode.Peer(m)), netcode.Config{
			Terms: netcode.Terms{Players: 2, Nonce: [16]byte{9}, Seed: 5, Setup: []byte("hill"), Build: "duel 1", Timeout: 300},
			Seats: []netcode.Peer{0, 1}, Self: netcode.Peer(m)})
		if err != nil {
			t.Fatal(err)
		}
		sessions[m] = s
	}
	for tick := range 500 {
		for m, s := range sessions {
			in := netcode.Input{Bits: uint64(tick / 8 * (m + 1))}
			if tick%20 == 10*m {
				in.Command = []byte("hey")
			}
			if e[m] != nil {
				continue
			}
			if err := s.Advance(in); err != nil && !errors.As(err, &e[m]) {
				t.Fatal(err)
			}
		}
		net.Tick()
	}
	if e[0] == nil || e[1] == nil {
		t.Fatalf("no desync: %v, %v", e[0], e[1])
	}
	return e
}

func duels(wild bool) func(m int) netcode.Game {
	return func(m int) netcode.Game { return newDuel([]int32{0, 70}[m], wild) }
}

// A dump holds what the error says, on both sides, and the values of all fields.
func TestDumpHoldsTheError(t *testing.T) {
	for _, path := range []simnet.Path{{}, {Latency: 3000, Jitter: 2000, Loss: 200}} {
		for _, wild := range []bool{false, true} {
			var dumps [2]*replay.Dump
			for m, e := range desync(t, path, duels(wild)) {
				d, err := replay.ReadDump(e.Dump)
				if err != nil {
					t.Fatal(err)
				}
				dumps[m] = d
				d.Dump = e.Dump
				if d.Error() != e.Error() {
					t.Errorf("machine %d: the dump says\n%v, the error\n%v", m, d, e)
				}
				if !bytes.Equal(d.Before, e.Before) || !bytes.Equal(d.State, e.State) || !bytes.Equal(d.Their, e.Their) || d.Lacks() != 0 {
					t.Errorf("machine %d: states are not those of the error", m)
				}
				if e.Frame != 70 || e.Field != "Players[1].Vel.X" || len(d.Fields) != 1011 {
					t.Errorf("machine %d: %v, %d fields", m, e, len(d.Fields))
				}
				// The inputs lead from the state before to ours.
				g := newDuel([]int32{0, 70}[m], wild)
				g.Load(d.Before)
				for _, in := range d.Inputs {
					g.Step(in)
				}
				if !bytes.Equal(g.Save(nil), d.State) {
					t.Errorf("machine %d: Before and Inputs do not make State", m)
				}
				differ := 0
				for f := range d.Each(true) {
					before, ours, theirs := d.Values(f)
					if before == "" || ours == "" || theirs == "" {
						t.Errorf("machine %d: %+v: %q, %q, %q", m, f, before, ours, theirs)
					}
					if d.Differs(f) {
						differ++
					}
				}
				if want := map[bool]int{false: 1, true: 997}[wild]; differ != want {
					t.Errorf("machine %d: %d fields differ, want %d", m, differ, want)
				}
			}
			if dumps[0].Here != dumps[1].There || dumps[0].There != dumps[1].Here || dumps[0].Here == "" {
				t.Errorf("%v, %v", dumps[0], dumps[1])
			}
		}
	}
}

// What never came of the other's state is not told as if it had.
func TestDumpOfHalfASearch(t *testing.T) {
	for loss := range 5 {
		e := desync(t, simnet.Path{Latency: 1000, Loss: 840 + 20*loss}, func(m int) netcode.Game {
			type big struct {
				N    int32
				Rest [9000]uint64
			}
			return plain.New(new(big), func(s *big, in []netcode.Input) {
				s.N++
				for i := range s.Rest {
					if m == 1 && s.N >= 33 {
						s.Rest[i] += uint64(i)
					}
				}
			})
		})
		for m := range e {
			d, err := replay.ReadDump(e[m].Dump)
			if err != nil {
				t.Fatal(err)
			}
			if d.Error() != e[m].Error() || e[m].Frame != 33 || e[m].Their != nil || d.Their != nil && d.Lacks() == 0 {
				t.Errorf("machine %d: %d bytes never came: %v, and the dump says %v", m, d.Lacks(), e[m], d)
			}
			there, lacks := 0, 0
			for f := range d.Each(true) {
				_, ours, theirs := d.Values(f)
				switch want := "0"; {
				case f.Path == "N":
				case theirs == "":
					lacks += f.Size
				default:
					if other := e[1-m].State; other != nil {
						want = f.Value(other)
					}
					if there++; theirs != want || ours != f.Value(e[m].State) {
						t.Fatalf("machine %d: %s is %s, want %s", m, f.Path, theirs, want)
					}
				}
			}
			if there == 0 || lacks == 0 {
				t.Errorf("machine %d: %d values of theirs, %d bytes never came", m, there, lacks)
			}
		}
	}
}

// Of a state that is too long, what is around the difference is kept.
func TestDumpOfMegabytes(t *testing.T) {
	type big struct {
		N    int32
		Rest [3 << 20]uint8
	}
	e := desync(t, simnet.Path{}, func(m int) netcode.Game {
		return plain.New(new(big), func(s *big, in []netcode.Input) {
			if s.N++; m == 1 && s.N >= 33 {
				s.Rest[2<<20]++
			}
		})
	})
	for m := range e {
		d, err := replay.ReadDump(e[m].Dump)
		if err != nil {
			t.Fatal(err)
		}
		if len(e[m].Dump) > replay.MaxDump || d.Length != 4+3<<20 || d.From == 0 || len(d.State) != 256<<10 {
			t.Errorf("machine %d: dump of %d bytes has %d of %d from byte %d", m, len(e[m].Dump), len(d.State), d.Length, d.From)
		}
		if d.Field != "Rest[2097152]" || d.Here == "" || d.Error() != e[m].Error() {
			t.Errorf("machine %d: %v", m, d)
		}
	}
}

// sized is a state of some bytes, of which one is wrong from frame 33 on.
type sized struct {
	state []byte
	wrong int // -1: none
}

func (s *sized) Step([]netcode.Input) {
	n := binary.LittleEndian.Uint32(s.state) + 1
	if binary.LittleEndian.PutUint32(s.state, n); s.wrong >= 0 && n >= 33 {
		s.state[s.wrong] = 200
	}
}
func (s *sized) Save(dst []byte) []byte { return append(dst, s.state...) }
func (s *sized) Load(src []byte)        { copy(s.state, src) }

// Of a state of any size the dump holds the byte that differs, wherever it is.
func TestDumpHoldsTheByteThatDiffers(t *testing.T) {
	const window = 256 << 10
	for _, size := range []int{8, window - 1, window, window + 1, window + 9, 300_003, window + 512, 2*window + 511} {
		for _, at := range []int{4, 5, size/2 - 1, size / 2, size - window/2 - 1, size - 513, size - 512, size - 511, size - 8, size - 2, size - 1} {
			if at < 4 {
				continue
			}
			e := desync(t, simnet.Path{}, func(m int) netcode.Game { return &sized{make([]byte, size), []int{-1, at}[m]} })
			for m := range e {
				d, err := replay.ReadDump(e[m].Dump)
				if err != nil {
					t.Fatal(err)
				}
				if e[m].Offset != at || d.Offset != at || at < d.From || at >= d.From+len(d.State) || d.State[at-d.From] != []byte{0, 200}[m] {
					t.Errorf("%d bytes, machine %d: byte %d differs, said is %d; the dump holds %d from byte %d on", size, m, at, e[m].Offset, len(d.State), d.From)
				}
				if d.Their == nil && len(d.State) > at-d.From && d.Differs(netcode.Field{Offset: at, Size: 1}) == false {
					t.Errorf("%d bytes, machine %d: byte %d does not differ in the dump", size, m, at)
				}
			}
		}
	}
}

// A viewer's error has a dump as well.
func TestDumpOfAViewer(t *testing.T) {
	var file bytes.Buffer
	m := newMatch(t, &file, terms, replay.Options{Hashes: 20, Keyframes: 20})
	m.play(100, func(f netcode.Frame, in []netcode.Input) { in[1].Bits = uint64(f / 3) })
	m.close()
	_, err := replay.Verify(open(t, file.Bytes()), func(netcode.Terms) netcode.Game { return &sums{wrong: 33} })
	var e *netcode.DesyncError
	if !errors.As(err, &e) {
		t.Fatal(err)
	}
	d, err := replay.ReadDump(e.Dump)
	if err != nil {
		t.Fatal(err)
	}
	if d.Field != "seats[3]" || d.Peer != netcode.Nobody || d.Terms.Seed != terms.Seed || d.Error() != e.Error() {
		t.Errorf("%+v", d)
	}
}

// The bytes of a dump are a promise: it is read by another build than wrote it.
func TestGoldenDump(t *testing.T) {
	const name = "testdata/desync.hex"
	got := hex.Dump(desync(t, simnet.Path{Latency: 2000}, duels(false))[0].Dump)
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(name); err != nil || got != string(want) {
		t.Errorf("the bytes of a dump changed (%v): if on purpose, raise the version and run with -rewrite", err)
	}
}

func TestDamagedDumps(t *testing.T) {
	whole := desync(t, simnet.Path{}, duels(true))[0].Dump
	var format *replay.FormatError
	for n := range whole {
		if _, err := replay.ReadDump(whole[:n]); !errors.As(err, &format) {
			t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
		}
		bad := bytes.Clone(whole)
		bad[n] ^= 1 << (n % 8)
		if _, err := replay.ReadDump(bad); !errors.As(err, &format) {
			t.Fatalf("byte %d is wrong: %v", n, err)
		}
	}
	if _, err := replay.ReadDump(make([]byte, replay.MaxDump+1)); err == nil || !strings.Contains(err.Error(), "must be at most") {
		t.Error(err)
	}
}

// signed gives bytes the checksum they need to be looked at.
func signed(b []byte) []byte {
	return binary.LittleEndian.AppendUint64(b, xxhash.Sum64(b))
}

func FuzzDump(f *testing.F) {
	for _, wild := range []bool{false, true} {
		b := desync(f, simnet.Path{}, duels(wild))[0].Dump
		f.Add(b[:len(b)-8])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := replay.ReadDump(signed(b))
		if err != nil {
			return
		}
		for range d.Each(false) {
		}
		for field := range d.Each(true) {
			d.Values(field)
		}
		d.Join(d)
		if len(d.State) > 1<<18 || len(d.Their) > 1<<18 || len(d.Inputs) > 64 {
			t.Fatalf("%d, %d, %d", len(d.State), len(d.Their), len(d.Inputs))
		}
	})
}

func ExampleReadDump() {
	// err is what Session.Advance returned, or Dump was read from a file.
	err := wrong()
	var desync *netcode.DesyncError
	if !errors.As(err, &desync) {
		return
	}
	d, err := replay.ReadDump(desync.Dump)
	if err != nil {
		fmt.Println(err)
		return
	}
	for f := range d.Each(true) {
		if before, ours, theirs := d.Values(f); d.Differs(f) {
			fmt.Printf("frame %d: %s was %s, is %s here and %s there\n", d.Frame, f.Path, before, ours, theirs)
		}
	}
	// Output: frame 70: Players[1].Vel.X was -5, is -6 here and -9 there
}

// wrong plays a match that desyncs.
func wrong() error { return desync(&testing.T{}, simnet.Path{}, duels(false))[0] }
