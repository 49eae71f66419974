package node

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// kind is the first byte of a packet, and says what it is.
type kind byte

const (
	beat  kind = 'b' // I live
	gone  kind = 'g' // I stop
	enter kind = 'e' // to the owner: a socket's Hello, and where it wants to be
	hear  kind = 'h' // to the owner: what a socket says
	lost  kind = 'l' // to the owner: a socket has ended
	out   kind = 'o' // from the owner: what to say to a socket; it ends with it if end is set
	seen  kind = 's' // to all: a member, its body, is served here, or if end is set has left its room
	note  kind = 'r' // to all: what the owner notes of its rooms, see notes.go
	miss  kind = 'm' // to all: from an address, its body, came a guess that was wrong
	none  kind = 'n' // from one who was taken for the owner and is not now; its body is the owner, as far as it knows; end: and will not be, since it leaves
)

// packet is what one server says to another.
type packet struct {
	kind kind
	end  bool   // see out and none
	conn uint64 // the socket, as its server numbers it
	seq  uint64 // of the packets of this socket in this direction, from 1: a gap is the end of the socket
	term uint64 // of the lease, as its sender knows it
	slot string
	body []byte // a protocol.Message, for enter an entry, for none a name; may be empty
}

// entry is the body of an enter.
type entry struct {
	Place protocol.Place
	Hello protocol.Message
	From  lobby.From
}

func (p packet) encode() []byte {
	b := make([]byte, 0, 40+len(p.slot)+len(p.body))
	b = append(b, byte(p.kind), 0)
	if p.end {
		b[1] = 1
	}
	b = binary.AppendUvarint(b, p.conn)
	b = binary.AppendUvarint(b, p.seq)
	b = binary.AppendUvarint(b, p.term)
	b = append(b, byte(len(p.slot)))
	b = append(b, p.slot...)
	return append(b, p.body...)
}

var errPacket = errors.New("node: not a packet")

// decode reads a packet; its body is part of b.
func decode(b []byte) (p packet, err error) {
	if len(b) > cluster.MaxPacket {
		return p, fmt.Errorf("node: packet of %d bytes, the limit is %d", len(b), cluster.MaxPacket)
	}
	if len(b) < 2 {
		return p, errPacket
	}
	p.kind, p.end = kind(b[0]), b[1] != 0
	b = b[2:]
	for _, n := range []*uint64{&p.conn, &p.seq, &p.term} {
		v, size := binary.Uvarint(b)
		if size <= 0 {
			return p, errPacket
		}
		*n, b = v, b[size:]
	}
	if len(b) < 1 || len(b) < 1+int(b[0]) || b[0] > maxSlot {
		return p, errPacket
	}
	p.slot, p.body = string(b[1:1+b[0]]), b[1+b[0]:]
	return p, nil
}

// maxSlot is the longest name of a slot, in bytes.
const maxSlot = 16
