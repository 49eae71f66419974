package replay

import (
	"encoding/binary"
	"fmt"
)

// parser takes a payload apart and never reads beyond it. The first fault
// stays; what is read after it is zero.
type parser struct {
	b    []byte
	at   int   // in b
	base int64 // of b in the file
	err  *FormatError
}

func (p *parser) fail(at int, format string, args ...any) {
	if p.err == nil {
		p.err = &FormatError{Offset: p.base + int64(at), Reason: fmt.Sprintf(format, args...)}
	}
}

func (p *parser) bytes(n int) []byte {
	if p.err != nil {
		return nil
	}
	if n > len(p.b)-p.at {
		p.fail(p.at, "%d bytes are wanted, the block has %d more", n, len(p.b)-p.at)
		return nil
	}
	v := p.b[p.at : p.at+n : p.at+n]
	p.at += n
	return v
}

func (p *parser) u8() byte {
	if v := p.bytes(1); v != nil {
		return v[0]
	}
	return 0
}

func (p *parser) u64() uint64 {
	if v := p.bytes(8); v != nil {
		return binary.LittleEndian.Uint64(v)
	}
	return 0
}

// uvarint reads a number below 1<<31, in as few bytes as it takes.
func (p *parser) uvarint() int {
	at, v := p.at, uint64(0)
	for shift := 0; p.err == nil; shift += 7 {
		c := p.u8()
		v |= uint64(c&0x7f) << shift
		if c >= 0x80 && shift < 28 {
			continue
		}
		if c >= 0x80 || v >= 1<<31 || c == 0 && shift > 0 {
			p.fail(at, "number is longer than it must be, or %d and more", uint64(1)<<31)
		}
		break
	}
	if p.err != nil {
		return 0
	}
	return int(v)
}

// limited reads a number that has a limit.
func (p *parser) limited(name string, low, high int) int {
	at := p.at
	v := p.uvarint()
	if p.err == nil && (v < low || v > high) {
		p.fail(at, "%s is %d, must be %d to %d", name, v, low, high)
	}
	if p.err != nil {
		return low
	}
	return v
}

// done names bytes that nobody asked for.
func (p *parser) done() {
	if p.err == nil && p.at < len(p.b) {
		p.fail(p.at, "%d bytes are left over in the block", len(p.b)-p.at)
	}
}
