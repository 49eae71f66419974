package dump

import (
	"encoding/binary"
	"iter"
)

// Section appends a section: its kind, its length and what write appends.
func Section(b []byte, kind byte, write func([]byte) []byte) []byte {
	b = append(b, kind, 0, 0, 0, 0)
	from := len(b)
	b = write(b)
	binary.LittleEndian.PutUint32(b[from-4:], uint32(len(b)-from))
	return b
}

// AppendText appends a length and a text.
func AppendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// AppendTerms appends what everybody agreed on.
func AppendTerms(b []byte, players, rate, timeout int, seed uint64, nonce [16]byte, build string, setup []byte) []byte {
	b = append(b, byte(players))
	b = binary.AppendUvarint(b, uint64(rate))
	b = binary.AppendUvarint(b, uint64(timeout))
	b = binary.LittleEndian.AppendUint64(b, seed)
	b = append(b, nonce[:]...)
	b = AppendText(b, build)
	return AppendText(b, string(setup))
}

// AppendPeers appends a number of machines, and them.
func AppendPeers[P ~uint16](b []byte, peers []P) []byte {
	b = append(b, byte(len(peers)))
	for _, p := range peers {
		b = binary.LittleEndian.AppendUint16(b, uint16(p))
	}
	return b
}

// AppendInput appends what one player did in a frame.
func AppendInput(b []byte, bits uint64, command []byte, absent bool) []byte {
	flags := byte(0)
	if absent {
		flags |= 1
	}
	if len(command) > 0 {
		flags |= 2
	}
	b = binary.LittleEndian.AppendUint64(append(b, flags), bits)
	if len(command) > 0 {
		b = append(append(b, byte(len(command)-1)), command...)
	}
	return b
}

// AppendStates appends the sections of the states and of their fields. What is too long
// is cut to what is around the byte that differs.
func AppendStates[F any](b []byte, differs int, before, ours, theirs []byte, unknown func(i int) bool, fields iter.Seq[F], value func(F) Value) []byte {
	from := 0
	if longest := max(len(before), len(ours), len(theirs)); longest > State {
		from = (max(0, min(differs-State/2, longest-State)) + 7) &^ 7 // in words, and to the last byte
	}
	cut := func(state []byte) []byte { return state[min(from, len(state)):min(from+State, len(state))] }
	head := func(b []byte, state []byte) []byte {
		b = binary.AppendUvarint(b, uint64(len(state)))
		return binary.AppendUvarint(b, uint64(from))
	}
	b = Section(b, Before, func(b []byte) []byte { return append(head(b, before), cut(before)...) })
	b = Section(b, Ours, func(b []byte) []byte { return append(head(b, ours), cut(ours)...) })
	b = Section(b, Theirs, func(b []byte) []byte {
		return appendTheirs(head(b, theirs), cut(ours), cut(theirs), func(i int) bool { return unknown(from + i) })
	})
	return Section(b, Table, func(b []byte) []byte {
		return appendFields(b, fields, value, max(from, differs-Fields/16), from+State)
	})
}

// appendTheirs appends stretches of what is known of their state, in steps of
// eight bytes.
func appendTheirs(b, ours, theirs []byte, unknown func(i int) bool) []byte {
	word := func(s []byte, i int) string { return string(s[min(i, len(s)):min(i+8, len(s))]) }
	kind := func(i int) byte {
		switch {
		case unknown(i):
			return Unknown
		case word(ours, i) == word(theirs, i):
			return Same
		}
		return Given
	}
	for i := 0; i < len(theirs); {
		k, end := kind(i), i+8
		for end < len(theirs) && kind(end) == k {
			end += 8
		}
		end = min(end, len(theirs))
		b = binary.AppendUvarint(append(b, k), uint64(end-i))
		if k == Given {
			b = append(b, theirs[i:end]...)
		}
		i = end
	}
	return b
}

// Value is a field of a state.
type Value struct {
	Path         string
	Offset, Size int // bytes
	Kind         byte
}

// appendFields appends the fields that have a byte between from and to, each as
// what its path shares with the one before, the rest of it, its kind, its size
// and its distance from the end of the one before. The first byte tells
// whether there are others.
func appendFields[F any](b []byte, fields iter.Seq[F], value func(F) Value, from, to int) []byte {
	first, before, end := len(b), "", 0
	b = append(b, 0)
	if fields == nil {
		return b
	}
	for x := range fields {
		f := value(x)
		if f.Offset < end || f.Size <= 0 {
			continue // It makes no sense.
		}
		if f.Offset+f.Size <= from || f.Offset >= to || len(b)-first > Fields {
			if b[first] = 1; f.Offset > from {
				break
			}
			continue
		}
		path := f.Path[:min(len(f.Path), Path)]
		shared := 0
		for shared < min(len(before), len(path)) && before[shared] == path[shared] {
			shared++
		}
		b = append(b, byte(shared), byte(len(path)-shared))
		b = append(b, path[shared:]...)
		b = append(b, f.Kind)
		b = binary.AppendUvarint(b, uint64(f.Size))
		b = binary.AppendUvarint(b, uint64(f.Offset-end))
		before, end = path, f.Offset+f.Size
	}
	return b
}
