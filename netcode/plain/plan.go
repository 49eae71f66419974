package plain

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
)

// plan tells which bytes of the memory make the saved state.
type plan struct {
	typ    reflect.Type
	floats bool // are allowed
	size   int  // of the saved state
	runs   []run
	bools  []series // in memory
	nans   []nan
}

// run is a stretch of memory without padding, or several alike. All its numbers
// have the same size on a big-endian machine, where they must be turned around;
// elsewhere neighbours join whatever their size.
type run struct {
	offset, stride int // in memory
	saved          int // offset in the saved state, where the next one follows at once
	length, count  int
	unit           int // bytes of each number
	words          int // so many times 8 bytes may be moved for it, 0 is exactly length: see move

	pieces []piece // of an element with gaps, all of whose elements this run is; nil: none has a gap
	size   int     // of such an element, saved
}

// piece is a word of an element with gaps.
type piece struct{ offset, saved int } // in memory, and in the saved element

// series are places at equal distances.
type series struct{ offset, stride, count int }

// nan is where a float is in the saved state, which may be none.
type nan struct{ saved, size int }

// fault is what is wrong with a type: a path and a reason.
type fault string

func (f fault) Error() string { return "plain: " + string(f) }

func newPlan(t reflect.Type, floats bool) (*plan, error) {
	p := &plan{typ: t, floats: floats}
	if t.Size() > 1<<30 {
		return nil, fault(fmt.Sprintf("%s is %d bytes, must be at most %d", t, t.Size(), 1<<30))
	}
	if path, why := p.walk(t, 0); why != "" {
		return nil, fault(t.String() + path + " is " + why)
	}
	p.join()
	return p, nil
}

// walk adds what is at offset, or returns the path to what can't be saved, and why.
func (p *plan) walk(t reflect.Type, offset int) (path, why string) {
	switch k := t.Kind(); k {
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" {
				if path, why = p.walk(f.Type, offset+int(f.Offset)); why != "" {
					return "." + f.Name + path, why
				}
			}
		}
	case reflect.Array:
		if e := t.Elem(); dense(e.Kind()) {
			p.add(offset, t.Len()*int(e.Size()), int(e.Size()))
			break
		}
		for i := range t.Len() {
			if path, why = p.walk(t.Elem(), offset+i*int(t.Elem().Size())); why != "" {
				return fmt.Sprintf("[%d]%s", i, path), why
			}
			if sizeOf(t.Elem()) == 0 {
				break
			}
		}
	case reflect.Bool:
		p.addBool(offset)
		p.add(offset, 1, 1)
	case reflect.Float32, reflect.Float64:
		if !p.floats {
			return "", reason(t)
		}
		p.nans = append(p.nans, nan{p.size, int(t.Size())})
		p.add(offset, int(t.Size()), int(t.Size()))
	default:
		if !dense(k) {
			return "", reason(t)
		}
		p.add(offset, int(t.Size()), int(t.Size()))
	}
	return "", ""
}

// dense are the kinds of which any bytes are a value.
func dense(k reflect.Kind) bool {
	return k >= reflect.Int8 && k <= reflect.Int64 || k >= reflect.Uint8 && k <= reflect.Uint64
}

func (p *plan) add(offset, size, unit int) {
	if size == 0 {
		return
	}
	if n := len(p.runs); n > 0 {
		if last := &p.runs[n-1]; last.offset+last.length == offset && (!bigEndian || last.unit == unit) {
			last.length += size
			p.size += size
			return
		}
	}
	p.runs = append(p.runs, run{offset: offset, length: size, count: 1, saved: p.size, unit: unit})
	p.size += size
}

func (p *plan) addBool(offset int) {
	if n := len(p.bools); n > 0 {
		last := &p.bools[n-1]
		if last.count == 1 {
			last.stride = offset - last.offset
		}
		if offset == last.offset+last.stride*last.count {
			last.count++
			return
		}
	}
	p.bools = append(p.bools, series{offset: offset, count: 1})
}

// join finds out which runs may be moved in whole words, and makes one of those
// that follow each other alike, as those of an array of structs do.
func (p *plan) join() {
	all := p.runs
	p.runs = nil
	for i := 0; i < len(all); i++ {
		if r := p.elements(all[i:]); r.count > 0 {
			p.runs = append(p.runs, r)
			i += r.count*r.length - 1
			continue
		}
		r := all[i]
		if words := (r.length + 7) / 8; unaligned && words <= 3 && r.saved+8*words <= p.size && r.offset+8*words <= int(p.typ.Size()) {
			r.words = words
		}
		if n := len(p.runs); n > 0 && p.runs[n-1].pieces == nil {
			last := &p.runs[n-1]
			if last.count == 1 {
				last.stride = r.offset - last.offset
			}
			if last.length == r.length && last.words == r.words && last.unit == r.unit && r.offset == last.offset+last.stride*last.count {
				last.count++
				continue
			}
		}
		p.runs = append(p.runs, r)
	}
	p.runs = slices.Clip(p.runs)
}

const (
	mostRuns   = 4 // of an element with gaps
	mostPieces = 8
	fewest     = 8 // elements for which it pays
)

// elements finds elements with gaps that follow each other alike: a run whose length is
// how many of these runs an element has, or none. Of the last element nothing is moved
// in whole words, since nothing follows it that would make right what is too much.
func (p *plan) elements(runs []run) (r run) {
	for k := 2; unaligned && !bigEndian && k <= mostRuns && len(runs) >= fewest*k; k++ {
		stride, size := runs[k].offset-runs[0].offset, runs[k].saved-runs[0].saved
		count := 1
		for (count+1)*k <= len(runs) && alike(runs[:k], runs[count*k:(count+1)*k], count*stride, count*size) {
			count++
		}
		if count < fewest {
			continue
		}
		r = run{offset: runs[0].offset, saved: runs[0].saved, stride: stride, size: size, length: k, count: count - 1, unit: runs[0].unit}
		for _, one := range runs[:k] {
			for at := 0; at < one.length; at += 8 {
				r.pieces = append(r.pieces, piece{one.offset - r.offset + at, one.saved - r.saved + at})
			}
		}
		last, before := r.pieces[len(r.pieces)-1], r.count-1
		if len(r.pieces) <= mostPieces && last.offset+8 <= 2*stride && last.saved+8 <= 2*size &&
			r.offset+before*stride+last.offset+8 <= int(p.typ.Size()) && r.saved+before*size+last.saved+8 <= p.size {
			return r
		}
	}
	return run{}
}

// alike reports whether an element is the first one, so many bytes later.
func alike(first, other []run, offset, saved int) bool {
	for i := range first {
		a, b := &first[i], &other[i]
		if b.offset-a.offset != offset || b.saved-a.saved != saved || a.length != b.length || a.unit != b.unit {
			return false
		}
	}
	return true
}

// save writes the saved state to dst, which is of the right size.
func (p *plan) save(dst, memory []byte) {
	for i := range p.runs {
		if r := &p.runs[i]; r.pieces != nil {
			r.pack(dst[r.saved:], memory[r.offset:])
		} else {
			r.move(dst[r.saved:], r.length, memory[r.offset:], r.stride)
		}
	}
	if bigEndian {
		for _, r := range p.runs {
			swap(dst[r.saved:r.saved+r.length*r.count], r.unit)
		}
	}
	for _, f := range p.nans {
		if b := dst[f.saved:]; f.size == 4 {
			if v := binary.LittleEndian.Uint32(b); v<<1 > 0xff<<24 {
				binary.LittleEndian.PutUint32(b, 0x7fc00000)
			}
		} else if v := binary.LittleEndian.Uint64(b); v<<1 > 0x7ff<<53 {
			binary.LittleEndian.PutUint64(b, 0x7ff8<<48)
		}
	}
}

// load is the way back. Words moved beyond a run spoil only padding, fields
// named _, and what the next runs make right.
func (p *plan) load(memory, src []byte) {
	for i := range p.runs {
		if r := &p.runs[i]; r.pieces != nil {
			r.unpack(memory[r.offset:], src[r.saved:])
		} else {
			r.move(memory[r.offset:], r.stride, src[r.saved:], r.length)
		}
	}
	if bigEndian {
		for _, r := range p.runs {
			for k := range r.count {
				swap(memory[r.offset+k*r.stride:][:r.length], r.unit)
			}
		}
	}
	for _, b := range p.bools { // a bool that is neither 0 nor 1 is undefined behaviour
		for k := range b.count {
			memory[b.offset+k*b.stride] &= 1
		}
	}
}

var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

func swap(b []byte, unit int) {
	for ; len(b) > 0; b = b[unit:] {
		slices.Reverse(b[:unit])
	}
}

// reason tells why a type can't be part of the state.
func reason(t reflect.Type) string {
	a := "a "
	why := "and can't be saved as bytes"
	switch t.Kind() {
	case reflect.Int:
		a, why = "an ", "and differs in size between platforms: use int32 or int64"
	case reflect.Uint, reflect.Uintptr:
		why = "and differs in size between platforms: use uint32 or uint64"
	case reflect.Float32, reflect.Float64:
		why = "and may differ in value between platforms: use package fixed, or see plain.Floats"
	case reflect.Complex64, reflect.Complex128:
		why = "and may differ in value between platforms: use package fixed"
	case reflect.String, reflect.Slice:
		why = "and may point to anything: use an array and a length"
	case reflect.Map, reflect.Pointer, reflect.UnsafePointer:
		why = "and may point to anything: use an array and an index"
	case reflect.Interface:
		a = "an "
	}
	return a + t.String() + " " + why
}

// sizeOf is how many bytes a value takes in a saved state.
func sizeOf(t reflect.Type) int {
	switch t.Kind() {
	case reflect.Struct:
		n := 0
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" {
				n += sizeOf(f.Type)
			}
		}
		return n
	case reflect.Array:
		return t.Len() * sizeOf(t.Elem())
	}
	return int(t.Size())
}
