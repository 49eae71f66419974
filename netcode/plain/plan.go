package plain

import (
	"fmt"
	"reflect"
	"strconv"
)

// plan tells which bytes of the memory make the saved state.
type plan struct {
	typ   reflect.Type
	size  int
	runs  []run
	bools []int // offsets in memory
}

// run is a stretch of memory without padding. All its numbers have the same
// size on a big-endian machine, where they must be turned around; elsewhere
// neighbours join whatever their size.
type run struct {
	offset, length, unit int
}

func (p *plan) walk(t reflect.Type, offset int, path string) {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.Name != "_" {
				p.walk(f.Type, offset+int(f.Offset), path+"."+f.Name)
			}
		}
	case reflect.Array:
		for i := range t.Len() {
			p.walk(t.Elem(), offset+i*int(t.Elem().Size()), path+"["+strconv.Itoa(i)+"]")
			if t.Elem().Size() == 0 {
				break
			}
		}
	case reflect.Bool:
		p.bools = append(p.bools, offset)
		p.add(offset, 1)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.add(offset, int(t.Size()))
	default:
		panic(fmt.Sprintf("plain: %s is %s %s", path, article(t), why(t.Kind())))
	}
}

func (p *plan) add(offset, size int) {
	p.size += size
	if n := len(p.runs); n > 0 {
		if last := &p.runs[n-1]; last.offset+last.length == offset && (!bigEndian || last.unit == size) {
			last.length += size
			return
		}
	}
	p.runs = append(p.runs, run{offset: offset, length: size, unit: size})
}

func article(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Interface, reflect.Int:
		return "an " + t.String()
	}
	return "a " + t.String()
}

func why(k reflect.Kind) string {
	switch k {
	case reflect.Int:
		return "and differs in size between platforms: use int32 or int64"
	case reflect.Uint, reflect.Uintptr:
		return "and differs in size between platforms: use uint32 or uint64"
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return "and may differ in value between platforms: use package fixed"
	case reflect.String, reflect.Slice:
		return "and may point to anything: use an array and a length"
	case reflect.Map, reflect.Pointer, reflect.UnsafePointer:
		return "and may point to anything: use an array and an index"
	}
	return "and can't be saved as bytes"
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

// name finds the field that holds byte offset of a saved value of type t.
func name(t reflect.Type, offset int) string {
	path := ""
	for {
		switch t.Kind() {
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				if f.Name == "_" {
					continue
				}
				n := sizeOf(f.Type)
				if offset < n {
					if path != "" {
						path += "."
					}
					path += f.Name
					t = f.Type
					break
				}
				offset -= n
			}
		case reflect.Array:
			n := sizeOf(t.Elem())
			path += "[" + strconv.Itoa(offset/n) + "]"
			offset %= n
			t = t.Elem()
		default:
			return path
		}
	}
}
