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
	for i := 0; i < len(d); {
		at := p.at
		token := p.u8()
		zeros, others := int64(token>>4), int64(token&most)
		if zeros == most {
			zeros += int64(p.uvarint())
		}
		if others == most {
			others += int64(p.uvarint())
		}
		if p.err == nil && (zeros+others == 0 || zeros+others > int64(len(d)-i)) {
			p.fail(at, "token tells %d zeros and %d other bytes, must be 1 to %d together", zeros, others, len(d)-i)
		}
		if p.err != nil {
			return
		}
		clear(d[i : i+int(zeros)])
		i += int(zeros)
		i += copy(d[i:], p.bytes(int(others)))
	}
}
