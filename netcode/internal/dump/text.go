package dump

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// Text is what the bytes of a field of that kind say: -3, true, 0x0a0b if they are Raw
// or no number of 1, 2, 4 or 8 bytes. Numbers are little-endian.
func Text(kind byte, b []byte) string {
	var word [8]byte
	size := len(b)
	if n := copy(word[:], b); n < size || n&(n-1) != 0 {
		return fmt.Sprintf("%#x", b)
	}
	switch v := binary.LittleEndian.Uint64(word[:]); kind {
	case Bool:
		return strconv.FormatBool(v != 0)
	case Uint:
		return strconv.FormatUint(v, 10)
	case Int:
		unused := 64 - 8*size
		return strconv.FormatInt(int64(v<<unused)>>unused, 10)
	case Float:
		if size == 4 {
			return strconv.FormatFloat(float64(math.Float32frombits(uint32(v))), 'g', -1, 32)
		} else if size == 8 {
			return strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
		}
	}
	return fmt.Sprintf("%#x", b)
}
