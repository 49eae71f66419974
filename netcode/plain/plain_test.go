package plain

import (
	"bytes"
	"encoding/hex"
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
)

type vec struct{ X, Y int32 }

type player struct {
	Pos, Vel vec
	Alive    bool
	Lives    int16
}

type state struct {
	Tick    uint64
	Players [2]player
	_       [3]byte
	Flags   [3]bool
	Last    int8
}

func step(s *state, in []netcode.Input) { s.Tick++ }

func sample() state {
	s := state{Tick: 0x0807060504030201, Flags: [3]bool{true, false, true}, Last: -2}
	s.Players[1] = player{Pos: vec{1, -1}, Vel: vec{0x11223344, 5}, Alive: true, Lives: -3}
	return s
}

func TestBytesAreCanonical(t *testing.T) {
	s := sample()
	got := New(&s, step).Save([]byte{0xaa})
	want := "aa" + "0102030405060708" +
		"00000000000000000000000000000000" + "00" + "0000" +
		"01000000ffffffff" + "4433221105000000" + "01" + "fdff" +
		"010001" + "fe"
	if hex.EncodeToString(got) != want {
		t.Fatalf("saved  %x\nwanted %s", got, want)
	}
}

func TestLoadBringsBack(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 100 {
		var a, b state
		ga, gb := New(&a, step), New(&b, step)
		a = sample()
		a.Tick, a.Players[0].Pos.X, a.Players[1].Alive = r.Uint64(), int32(r.Uint32()), r.Intn(2) == 0
		saved := ga.Save(nil)
		gb.Load(saved)
		if a != b {
			t.Fatalf("loaded %+v, saved %+v", b, a)
		}
		if !bytes.Equal(gb.Save(nil), saved) {
			t.Fatal("equal states made other bytes")
		}
	}
}

func TestLoadOfAnEvilBool(t *testing.T) {
	var s state
	g := New(&s, step)
	saved := g.Save(nil)
	saved[8+16] = 0xfe
	g.Load(saved)
	if s.Players[0].Alive {
		t.Error("0xfe became true")
	}
	saved[8+16] = 0xff
	g.Load(saved)
	if s.Players[0].Alive != true {
		t.Error("0xff became false")
	}
}

func TestFields(t *testing.T) {
	var s state
	g := New(&s, step)
	for offset, want := range map[int]string{
		0: "Tick", 7: "Tick", 8: "Players[0].Pos.X", 24: "Players[0].Alive", 25: "Players[0].Lives",
		27: "Players[1].Pos.X", 35: "Players[1].Vel.X", 46: "Flags[0]", 48: "Flags[2]", 49: "Last", 50: "", -1: "",
	} {
		got := ""
		for f := range g.Fields() {
			if offset >= f.Offset && offset < f.Offset+f.Size {
				got = f.Path
			}
		}
		if got != want {
			t.Errorf("byte %d is of %q, want %q", offset, got, want)
		}
	}
}

func TestBadFieldsAreNamed(t *testing.T) {
	type inner struct{ Name string }
	check := func(want string, build func()) {
		t.Helper()
		defer func() {
			got, _ := recover().(string)
			if !strings.HasPrefix(got, want) {
				t.Errorf("panic %q, want %q…", got, want)
			}
		}()
		build()
	}
	check("plain: plain.s1.A[0].Name is a string and", func() {
		type s1 struct{ A [2]inner }
		New(new(s1), func(*s1, []netcode.Input) {})
	})
	check("plain: plain.s2.N is an int and", func() {
		type s2 struct {
			OK int64
			N  int
		}
		New(new(s2), func(*s2, []netcode.Input) {})
	})
	check("plain: plain.s3.F is a float64 and", func() {
		type s3 struct{ F float64 }
		New(new(s3), func(*s3, []netcode.Input) {})
	})
	check("plain: uint is a uint and", func() { New(new(uint), func(*uint, []netcode.Input) {}) })
	check("plain: *int32 is a *int32 and", func() { New(new(*int32), func(**int32, []netcode.Input) {}) })
	for _, v := range []any{map[int32]int32{}, []byte{}, func() {}, make(chan int), float32(0), complex64(0), uintptr(0), any(0)} {
		if _, err := newPlan(reflect.TypeOf(v), false); err == nil {
			t.Errorf("%T was taken", v)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	s := sample()
	g := New(&s, step)
	buf := g.Save(nil)
	if n := testing.AllocsPerRun(100, func() {
		buf = g.Save(buf[:0])
		g.Load(buf)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkSaveLoad(b *testing.B) {
	s := sample()
	g := New(&s, step)
	buf := g.Save(nil)
	b.ReportAllocs()
	for b.Loop() {
		buf = g.Save(buf[:0])
		g.Load(buf)
	}
}

type guessing struct{ N int32 }

func (g *guessing) Predict(p netcode.Player, last uint64, age int) uint64 {
	return last + uint64(g.N) + uint64(age)
}

func TestAStateThatGuessesIsAPredictor(t *testing.T) {
	state := guessing{N: 100}
	if got := New(&state, func(*guessing, []netcode.Input) {}).Predict(0, 20, 3); got != 123 {
		t.Errorf("the state's guess is %d", got)
	}
	if got := New(&struct{ N int32 }{}, func(*struct{ N int32 }, []netcode.Input) {}).Predict(0, 20, 3); got != 20 {
		t.Errorf("a state that does not guess says %d", got)
	}
}

// A game that embeds one keeps its fields and its guesses.
func TestAGameWithMoreToIt(t *testing.T) {
	state := guessing{N: 100}
	var g netcode.Game = struct {
		*Game[guessing]
		sounds int
	}{New(&state, func(*guessing, []netcode.Input) {}), 5}
	if p, ok := g.(netcode.Predictor); !ok || p.Predict(0, 20, 3) != 123 {
		t.Error("the state's guesses are lost")
	}
	if d := netcode.FirstDifference(g, []byte{1, 0, 0, 0}, []byte{2, 0, 0, 0}); d != "byte 0 (N) is 1 and 2" {
		t.Errorf("the difference is %q", d)
	}
}
