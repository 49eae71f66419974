package plain

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"testing"
	"unsafe"

	"github.com/punchback/punchback/netcode"
)

// shape makes a random type.
func shape(r *rand.Rand, depth int) reflect.Type {
	kinds := []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[uint8](), reflect.TypeFor[int16](), reflect.TypeFor[uint16](),
		reflect.TypeFor[int32](), reflect.TypeFor[uint32](), reflect.TypeFor[int64](), reflect.TypeFor[uint64](),
		reflect.TypeFor[float32](), reflect.TypeFor[float64](), reflect.TypeFor[struct{}](),
	}
	switch n := r.Intn(10); {
	case depth > 0 && n < 3:
		return reflect.ArrayOf(r.Intn(9), shape(r, depth-1))
	case depth > 0 && n < 7:
		var fields []reflect.StructField
		for i := range r.Intn(6) {
			f := reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: shape(r, depth-1)}
			if r.Intn(6) == 0 {
				f.Name, f.PkgPath = "_", "plain"
			}
			fields = append(fields, f)
		}
		return reflect.StructOf(fields)
	}
	return kinds[r.Intn(len(kinds))]
}

// each calls f for each number in v, blank fields excepted, in order.
func each(v reflect.Value, path string, f func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; name != "_" {
				if path != "" {
					name = path + "." + name
				}
				each(v.Field(i), name, f)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			each(v.Index(i), fmt.Sprintf("%s[%d]", path, i), f)
		}
	default:
		f(path, v)
	}
}

// fill sets every number in v by chance, often to what is special.
func fill(r *rand.Rand, v reflect.Value) {
	each(v, "", func(_ string, v reflect.Value) {
		n := r.Uint64() >> r.Intn(64)
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(n%2 == 0)
		case reflect.Float32, reflect.Float64:
			v.SetFloat([]float64{0, 1.5, -2, math.Inf(1), math.Copysign(0, -1), math.NaN(), 1e300, 0.1}[n%8])
		default:
			if v.CanInt() {
				v.SetInt(int64(n) << (64 - 8*v.Type().Size()) >> (64 - 8*v.Type().Size()))
			} else {
				v.SetUint(n << (64 - 8*v.Type().Size()) >> (64 - 8*v.Type().Size()))
			}
		}
	})
}

// encode is what the saved state must be, made slowly.
func encode(v reflect.Value, order binary.AppendByteOrder) (out []byte) {
	each(v, "", func(_ string, v reflect.Value) {
		var n uint64
		switch {
		case v.Kind() == reflect.Bool:
			if v.Bool() {
				n = 1
			}
		case v.Kind() == reflect.Float32:
			if n = uint64(math.Float32bits(float32(v.Float()))); v.Float() != v.Float() {
				n = 0x7fc00000
			}
		case v.Kind() == reflect.Float64:
			if n = math.Float64bits(v.Float()); v.Float() != v.Float() {
				n = 0x7ff8 << 48
			}
		case v.CanInt():
			n = uint64(v.Int())
		default:
			n = v.Uint()
		}
		switch v.Type().Size() {
		case 1:
			out = append(out, byte(n))
		case 2:
			out = order.AppendUint16(out, uint16(n))
		case 4:
			out = order.AppendUint32(out, uint32(n))
		case 8:
			out = order.AppendUint64(out, n)
		}
	})
	return out
}

// dirty is a new value of type t whose padding is full of rubbish.
func dirty(t reflect.Type, rubbish byte) (v reflect.Value, memory []byte) {
	v = reflect.New(t)
	memory = unsafe.Slice((*byte)(v.UnsafePointer()), t.Size())
	for i := range memory {
		memory[i] = rubbish
	}
	return v.Elem(), memory
}

// tryShape checks all that New promises on one random type and random values.
func tryShape(t *testing.T, seed int64) {
	r := rand.New(rand.NewSource(seed))
	tryType(t, seed, r, shape(r, 4))
}

func tryType(t *testing.T, seed int64, r *rand.Rand, typ reflect.Type) *plan {
	p, err := newPlan(typ, true)
	if err != nil {
		t.Fatalf("seed %d: %v: %v", seed, typ, err)
	}
	a, ma := dirty(typ, 0xff)
	b, mb := dirty(typ, 0x55)
	fill(r, a)
	each(b, "", func(_ string, v reflect.Value) { v.SetZero() })
	save := func(m []byte) []byte {
		out := bytes.Repeat([]byte{0xee}, p.size+64)
		p.save(out[32:32+p.size], m)
		if !bytes.Equal(out[:32], out[32+p.size:]) || p.size > 0 && out[0] != 0xee {
			t.Fatalf("seed %d: %v: Save wrote outside of its bytes", seed, typ)
		}
		return out[32 : 32+p.size]
	}
	saved := save(ma)
	if want := encode(a, binary.LittleEndian); !bytes.Equal(saved, want) {
		t.Fatalf("seed %d: %v: saved %x, want %x", seed, typ, saved, want)
	}
	p.load(mb, saved)
	if again := save(mb); !bytes.Equal(again, saved) {
		t.Fatalf("seed %d: %v: saved %x, loaded and saved %x", seed, typ, saved, again)
	}
	if got := encode(b, binary.LittleEndian); !bytes.Equal(got, saved) {
		t.Fatalf("seed %d: %v: Load made %v of %v", seed, typ, b, a)
	}

	// Each field is named, and its value told; changed, it changes just its bytes.
	var table []netcode.Field
	offset := 0
	fields(typ, nil, &offset, func(f netcode.Field) bool { table = append(table, f); return true })
	each(a, "", func(path string, v reflect.Value) {
		f := table[0]
		table = table[1:]
		if want := fmt.Sprint(v.Interface()); f.Path != path || f.Value(saved) != want && v.Kind() != reflect.Float32 && v.Kind() != reflect.Float64 {
			t.Fatalf("seed %d: %v: field %+v is %s, want %s %s", seed, typ, f, f.Value(saved), path, want)
		}
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		fill(r, v)
		now := save(ma)
		if same := bytes.Equal(encode(old, binary.LittleEndian), encode(v, binary.LittleEndian)); same != bytes.Equal(now, saved) {
			t.Fatalf("seed %d: %v: %s became %v from %v, saved %x and %x", seed, typ, path, v, old, saved, now)
		}
		if !bytes.Equal(now[:f.Offset], saved[:f.Offset]) || !bytes.Equal(now[f.Offset+f.Size:], saved[f.Offset+f.Size:]) {
			t.Fatalf("seed %d: %v: a change of %s is not where %+v is", seed, typ, path, f)
		}
		v.Set(old)
	})
	if len(table) > 0 || offset != p.size {
		t.Fatalf("seed %d: %v: fields end at %d, the state at %d; too many: %v", seed, typ, offset, p.size, table)
	}
	return p
}

// Arrays of elements with gaps, at the beginning, in the middle and at the end of a
// state, are moved as wholes, and nothing beside them changes.
func TestElementsWithGaps(t *testing.T) {
	kinds := []reflect.Type{reflect.TypeFor[bool](), reflect.TypeFor[int8](), reflect.TypeFor[uint16](), reflect.TypeFor[int32](), reflect.TypeFor[uint64](), reflect.TypeFor[[3]uint8](), reflect.TypeFor[[5]int16]()}
	whole := 0
	for seed := range int64(1000) {
		r := rand.New(rand.NewSource(seed))
		some := func(name string, n int) (fields []reflect.StructField) {
			for i := range n {
				fields = append(fields, reflect.StructField{Name: fmt.Sprint(name, i), Type: kinds[r.Intn(len(kinds))]})
			}
			return fields
		}
		element := reflect.StructOf(some("E", 2+r.Intn(5)))
		all := append(some("A", r.Intn(3)), reflect.StructField{Name: "All", Type: reflect.ArrayOf(7+r.Intn(12), element)})
		all = append(all, some("B", r.Intn(3))...)
		for _, run := range tryType(t, seed, r, reflect.StructOf(all)).runs {
			if run.pieces != nil {
				whole++
			}
		}
	}
	if unaligned && !bigEndian && whole < 300 {
		t.Errorf("%d of 1000 arrays are moved as wholes", whole)
	}
}

func TestShapes(t *testing.T) {
	for seed := range int64(600) {
		tryShape(t, seed)
	}
}

func FuzzShapes(f *testing.F) {
	f.Add(int64(-1))
	f.Fuzz(tryShape)
}

// Where words may not lie at any address everything is the same.
func TestShapesAligned(t *testing.T) {
	defer func(was bool) { unaligned = was }(unaligned)
	unaligned = false
	for seed := range int64(300) {
		tryShape(t, seed)
	}
}

// Played on a machine of the other kind, numbers are turned around: on this one
// that makes them big-endian, and brings them back.
func TestShapesTurnedAround(t *testing.T) {
	defer func(was bool) { bigEndian = was }(bigEndian)
	bigEndian = !bigEndian
	for seed := range int64(1000) {
		r := rand.New(rand.NewSource(seed))
		typ := shape(r, 4)
		p, err := newPlan(typ, false)
		if err != nil {
			continue // floats
		}
		a, ma := dirty(typ, 0xff)
		b, mb := dirty(typ, 0x55)
		each(b, "", func(_ string, v reflect.Value) { v.SetZero() })
		fill(r, a)
		saved := make([]byte, p.size)
		p.save(saved, ma)
		if want := encode(a, binary.BigEndian); !bytes.Equal(saved, want) {
			t.Fatalf("seed %d: %v: saved %x, want %x", seed, typ, saved, want)
		}
		if p.load(mb, saved); !bytes.Equal(encode(b, binary.BigEndian), saved) {
			t.Fatalf("seed %d: %v: Load made %v of %v", seed, typ, b, a)
		}
	}
}

func TestFloatsOnlyOnDemand(t *testing.T) {
	type body struct {
		OK int32
		X  [2]float64
		Y  float32
	}
	step := func(*body, []netcode.Input) {}
	if _, err := Try(new(body), step); err == nil || err.Error() != "plain: plain.body.X[0] is a float64 and may differ in value between platforms: use package fixed, or see plain.Floats" {
		t.Errorf("%v", err)
	}
	a, b := body{X: [2]float64{math.NaN(), 1.25}, Y: -0.5}, body{X: [2]float64{math.Float64frombits(0xfff8000000000123), 1.25}, Y: -0.5}
	ga, gb := New(&a, step, Floats), New(&b, step, Floats)
	sa, sb := ga.Save(nil), gb.Save(nil)
	if !bytes.Equal(sa, sb) {
		t.Errorf("two NaNs are saved as %x and %x", sa, sb)
	}
	b.Y = 3
	if got, want := netcode.FirstDifference(ga, sa, gb.Save(nil)), "byte 20 (Y) is -0.5 and 3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := Try[body](nil, step, Floats); err == nil {
		t.Error("a state of nil was taken")
	}
}
