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

// pack saves the elements of a run with gaps, piece by piece. What is too much of a
// piece is overwritten by the next one, or by the element after the run.
func (r *run) pack(dst, memory []byte) {
	d, s := r.bounds(dst, memory)
	if len(r.pieces) == 4 {
		p, q, v, w := r.pieces[0], r.pieces[1], r.pieces[2], r.pieces[3]
		for range r.count {
			*word(d, p.saved) = *word(s, p.offset)
			*word(d, q.saved) = *word(s, q.offset)
			*word(d, v.saved) = *word(s, v.offset)
			*word(d, w.saved) = *word(s, w.offset)
			d, s = unsafe.Add(d, r.size), unsafe.Add(s, r.stride)
		}
		return
	}
	for range r.count {
		for _, p := range r.pieces {
			*word(d, p.saved) = *word(s, p.offset)
		}
		d, s = unsafe.Add(d, r.size), unsafe.Add(s, r.stride)
	}
}

// unpack is the way back.
func (r *run) unpack(memory, src []byte) {
	s, d := r.bounds(src, memory)
	if len(r.pieces) == 4 {
		p, q, v, w := r.pieces[0], r.pieces[1], r.pieces[2], r.pieces[3]
		for range r.count {
			*word(d, p.offset) = *word(s, p.saved)
			*word(d, q.offset) = *word(s, q.saved)
			*word(d, v.offset) = *word(s, v.saved)
			*word(d, w.offset) = *word(s, w.saved)
			d, s = unsafe.Add(d, r.stride), unsafe.Add(s, r.size)
		}
		return
	}
	for range r.count {
		for _, p := range r.pieces {
			*word(d, p.offset) = *word(s, p.saved)
		}
		d, s = unsafe.Add(d, r.stride), unsafe.Add(s, r.size)
	}
}

// bounds are checked once, for the whole run.
func (r *run) bounds(saved, memory []byte) (s, m unsafe.Pointer) {
	last := r.pieces[len(r.pieces)-1]
	_, _ = saved[(r.count-1)*r.size+last.saved+7], memory[(r.count-1)*r.stride+last.offset+7]
	return unsafe.Pointer(&saved[0]), unsafe.Pointer(&memory[0])
}
