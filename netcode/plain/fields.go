package plain

import (
	"reflect"
	"strconv"

	"github.com/punchback/punchback/netcode"
)

// fields tells the fields of a value of type t, whose saved bytes begin at
// *offset. It has the order of the plan, and it is run only when something is
// wrong, so the plan keeps no names.
func fields(t reflect.Type, path []byte, offset *int, yield func(netcode.Field) bool) bool {
	switch k := t.Kind(); k {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Name == "_" {
				continue
			}
			name := path
			if len(path) > 0 {
				name = append(name, '.')
			}
			if !fields(f.Type, append(name, f.Name...), offset, yield) {
				return false
			}
		}
	case reflect.Array:
		for i := range t.Len() {
			if sizeOf(t.Elem()) == 0 {
				break
			}
			name := append(strconv.AppendInt(append(path, '['), int64(i), 10), ']')
			if !fields(t.Elem(), name, offset, yield) {
				return false
			}
		}
	default:
		f := netcode.Field{Path: string(path), Offset: *offset, Size: int(t.Size()), Kind: kindOf(k)}
		*offset += f.Size
		return yield(f)
	}
	return true
}

func kindOf(k reflect.Kind) netcode.Kind {
	switch {
	case k == reflect.Bool:
		return netcode.Bool
	case k >= reflect.Int8 && k <= reflect.Int64:
		return netcode.Int
	case k == reflect.Float32 || k == reflect.Float64:
		return netcode.Float
	}
	return netcode.Uint
}
