package replay

import "encoding/binary"

// A column is a run of bytes most of which are zero: what one byte of one
// seat's Bits changes by, row after row, or the bytes of a state. It is a list
// of tokens. The high four bits of a token are how many zeros come, the low
// four how many other bytes follow it; 15 means that the rest of the number
// follows, as a uvarint, zeros first.

const most = 15

// appendColumn writes d. A single zero stays among the others, since a token
// would not be shorter.
func appendColumn(b, d []byte) []byte {
	for i := 0; i < len(d); {
		from := i
		for i < len(d) && d[i] == 0 {
			i++
		}
		zeros := i - from
		from = i
		for i < len(d) && (d[i] != 0 || i+1 < len(d) && d[i+1] != 0) {
			i++
		}
		others := i - from
		b = append(b, byte(min(zeros, most)<<4|min(others, most)))
		if zeros >= most {
			b = binary.AppendUvarint(b, uint64(zeros-most))
		}
		if others >= most {
			b = binary.AppendUvarint(b, uint64(others-most))
		}
		b = append(b, d[from:i]...)
	}
	return b
}

// column fills d.
func (p *parser) column(d []byte) {
	i := 0
	p.tokens(len(d), func(zeros int, others []byte) {
		clear(d[i : i+zeros])
		i += zeros
		i += copy(d[i:], others)
	})
}

// tokens takes a column of n bytes apart, in the time that its tokens take: a few
// of them may stand for very many zeros.
func (p *parser) tokens(n int, each func(zeros int, others []byte)) {
	for n > 0 {
		at := p.at
		token := p.u8()
		zeros, others := int64(token>>4), int64(token&most)
		if zeros == most {
			zeros += int64(p.uvarint())
		}
		if others == most {
			others += int64(p.uvarint())
		}
		if p.err == nil && (zeros+others == 0 || zeros+others > int64(n)) {
			p.fail(at, "token tells %d zeros and %d other bytes, must be 1 to %d together", zeros, others, n)
		}
		b := p.bytes(int(others))
		if p.err != nil {
			return
		}
		each(int(zeros), b)
		n -= int(zeros + others)
	}
}

// packed is a column as the payload has it, checked.
type packed struct {
	n int // bytes that it stands for
	b []byte
}

// unpack writes it out.
func (c packed) unpack(d []byte) {
	p := parser{b: c.b}
	p.column(d[:c.n])
}

// same reports whether two columns stand for the same bytes, however they are cut
// into tokens.
func (c packed) same(o packed) bool { return c.n == o.n && string(c.plain()) == string(o.plain()) }

// plain is a column as a list of its bytes that are not zero, each after how many
// zeros come before it.
func (c packed) plain() (list []byte) {
	p := parser{b: c.b}
	run := 0
	p.tokens(c.n, func(zeros int, others []byte) {
		run += zeros
		for _, v := range others {
			if v == 0 {
				run++
				continue
			}
			list = append(binary.AppendUvarint(list, uint64(run)), v)
			run = 0
		}
	})
	return list
}
