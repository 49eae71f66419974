package netcode

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"
)

// setupShown is how much of Terms.Setup a hello carries; the rest is compared by hash.
const setupShown = 256

// hello says what this machine wants to play, until the other machine has said
// that it heard.
type hello struct {
	flags       byte
	version     byte
	nonce       [16]byte
	fingerprint uint64
	seed        uint64
	players     int
	rate        int
	timeout     int
	seats       []byte // machines in order of their lowest seat, per seat
	ends        byte   // the machine that sends, times 16, and the one that it is for
	every       byte   // the state of one frame in every is hashed
	window      byte   // frames
	build       []byte
	setupLen    int
	setupHash   uint64
	setup       []byte // its beginning
}

const (
	helloHeard = 0x04 // the sender has our hello and agrees with it
	helloBye   = 0x08 // the sender leaves before the first frame, in view 0 and without a vote
)

func appendHello(b []byte, tag uint16, flags byte, t *Terms, seats []byte, ends, every byte, window int, fingerprint uint64) []byte {
	b = append(b, byte(tag), byte(tag>>8), kindHello|flags, protocolVersion)
	b = append(b, t.Nonce[:]...)
	b = binary.LittleEndian.AppendUint64(b, fingerprint)
	b = binary.LittleEndian.AppendUint64(b, t.Seed)
	b = append(b, byte(t.Players))
	b = appendUvarint(b, uint32(t.Rate))
	b = appendUvarint(b, uint32(t.Timeout))
	b = append(b, seats...)
	b = append(b, ends, every, byte(window))
	b = append(b, byte(len(t.Build)))
	b = append(b, t.Build...)
	b = appendUvarint(b, uint32(len(t.Setup)))
	b = binary.LittleEndian.AppendUint64(b, xxhash.Sum64(t.Setup))
	return append(b, t.Setup[:min(len(t.Setup), setupShown)]...)
}

// parse reads a hello after its tag. Of another protocol version only the
// version and the nonce are read.
func (h *hello) parse(b []byte) bool {
	r := reader{packet: b}
	h.flags = r.u8()
	h.version = r.u8()
	copy(h.nonce[:], r.bytes(16))
	if r.bad || h.flags&kindMask != kindHello {
		return false
	}
	if h.version != protocolVersion {
		return true
	}
	h.fingerprint = r.u64()
	h.seed = r.u64()
	h.players = int(r.u8())
	h.rate = int(r.uvarint())
	h.timeout = int(r.uvarint())
	h.seats = r.bytes(min(h.players, MaxPlayers))
	h.ends = r.u8()
	h.every = r.u8()
	h.window = r.u8()
	h.build = r.bytes(int(r.u8()))
	h.setupLen = int(r.uvarint())
	h.setupHash = r.u64()
	h.setup = r.bytes(min(h.setupLen, setupShown))
	return !r.bad && r.left() == 0 && h.window <= MaxWindow
}

// differs compares the other machine's terms with ours, field by field, and
// names the first that differs. It runs at most once in a match.
func (h *hello) differs(t *Terms, seats []byte, ends, every byte, fingerprint uint64) (field, here, there string) {
	if h.version != protocolVersion {
		return "protocol version", fmt.Sprint(protocolVersion), fmt.Sprint(h.version)
	}
	hash := func(v uint64) string { return fmt.Sprintf("%016x", v) }
	at := firstByte(h.setup, t.Setup)
	byteOf := func(b []byte) string { return fmt.Sprintf("%#x", b[at:min(at+1, len(h.setup), len(t.Setup))]) }
	for _, x := range [...]struct{ field, here, there string }{
		{"Build", fmt.Sprintf("%q", t.Build), fmt.Sprintf("%q", h.build)},
		{"Players", fmt.Sprint(t.Players), fmt.Sprint(h.players)},
		{"Seed", fmt.Sprintf("%#x", t.Seed), fmt.Sprintf("%#x", h.seed)},
		{"Rate", fmt.Sprint(t.Rate), fmt.Sprint(h.rate)},
		{"Timeout", fmt.Sprint(t.Timeout), fmt.Sprint(h.timeout)},
		{"length of Setup", fmt.Sprint(len(t.Setup)), fmt.Sprint(h.setupLen)},
		{fmt.Sprint("Setup byte ", at), byteOf(t.Setup), byteOf(h.setup)},
		{"hash of Setup", hash(xxhash.Sum64(t.Setup)), hash(h.setupHash)},
		{"Seats", fmt.Sprint(seats), fmt.Sprint(h.seats)},
		{"Seats of this machine and of the peer", seatsOf(seats, ends), seatsOf(seats, h.ends)},
		{"fingerprint of the game (its start and its first steps)", hash(fingerprint), hash(h.fingerprint)},
		{"Saving (in how many frames one state is hashed)", fmt.Sprint(every), fmt.Sprint(h.every)},
	} {
		if x.here != x.there {
			return x.field, x.here, x.there
		}
	}
	return "", "", ""
}

// endsOf packs the machine that sends a hello and the one that it is for.
func endsOf(from, to int) byte { return byte(from<<4 | to) }

// seatsOf names the seats of the machine that a hello is for, and of its sender.
func seatsOf(seats []byte, ends byte) string {
	var of [16][]int // of each machine, and of nobody
	for p, machine := range seats {
		of[machine&0xf] = append(of[machine&0xf], p)
	}
	return fmt.Sprint(of[ends&0xf], " and ", of[ends>>4])
}
