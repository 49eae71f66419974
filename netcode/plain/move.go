package plain

import "unsafe"

// move copies all stretches of a run from src to dst, in which the next one
// begins so many bytes later.
//
// A short run is moved in whole words. What that is too much is overwritten by
// the runs that follow: they are moved later, and join has made sure that there
// are so many bytes in both. It is unsafe because a struct with a bool in it is
// a run every few bytes, and then calls of copy and checks of bounds take four
// times as long as all the rest. The bounds are checked once, for the whole run.
func (r *run) move(dst []byte, dstStride int, src []byte, srcStride int) {
	last, n := r.count-1, max(r.length, 8*r.words)
	_, _ = dst[last*dstStride+n-1], src[last*srcStride+n-1]
	d, s := unsafe.Pointer(&dst[0]), unsafe.Pointer(&src[0])
	to, from := 0, 0
	switch r.words {
	case 1:
		for range r.count {
			*word(d, to) = *word(s, from)
			to, from = to+dstStride, from+srcStride
		}
	case 2:
		for range r.count {
			a, b := *word(s, from), *word(s, from+8)
			*word(d, to), *word(d, to+8) = a, b
			to, from = to+dstStride, from+srcStride
		}
	case 3:
		for range r.count {
			a, b, c := *word(s, from), *word(s, from+8), *word(s, from+16)
			*word(d, to), *word(d, to+8), *word(d, to+16) = a, b, c
			to, from = to+dstStride, from+srcStride
		}
	default:
		for range r.count {
			copy(dst[to:][:r.length], src[from:])
			to, from = to+dstStride, from+srcStride
		}
	}
}

// word is eight bytes at any address; see unaligned.
func word(p unsafe.Pointer, offset int) *uint64 { return (*uint64)(unsafe.Add(p, offset)) }
