package replay

import "github.com/punchback/punchback/netcode"

// terms reads the payload of the block of terms.
func (p *parser) terms() (t netcode.Terms) {
	t.Players = int(p.u8())
	if p.err == nil && (t.Players < 1 || t.Players > netcode.MaxPlayers) {
		p.fail(0, "Players is %d, must be 1 to %d", t.Players, netcode.MaxPlayers)
	}
	t.Rate = p.limited("Rate", 0, netcode.MaxRate)
	t.Timeout = p.limited("Timeout", 0, netcode.MaxTimeout)
	t.Seed = p.u64()
	copy(t.Nonce[:], p.bytes(len(t.Nonce)))
	t.Build = string(p.bytes(p.limited("length of Build", 0, netcode.MaxBuild)))
	t.Setup = append([]byte(nil), p.bytes(p.limited("length of Setup", 0, netcode.MaxSetup))...)
	p.done()
	return t
}

// rows is a block of rows, taken apart.
type rows struct {
	first  netcode.Frame
	count  int
	flags  byte
	bits   [netcode.MaxPlayers][maxRows]uint64
	absent [maxRows]byte
	hashes [maxRows]uint64
	state  packed // of the first row; borrowed from the payload
	orders []byte // checked; borrowed from the payload
	column [maxRows]byte
	still  bool // nothing changes after the first row
}

// peek reads what the beginning of the payload tells.
func (r *rows) peek(p *parser) {
	r.first = netcode.Frame(p.uvarint())
	r.count = int(p.u8()) + 1
	at := p.at
	r.flags = p.u8()
	if p.err == nil && r.flags >= hasOther {
		p.fail(at, "flags are %#02x, must be less than %#02x", r.flags, hasOther)
	}
	if p.err == nil && r.first >= lastFrame-maxRows {
		p.fail(0, "first frame is %d, must be less than %d", r.first, lastFrame-maxRows)
	}
}

// parse checks a block of rows completely, so that giving its rows out can't fail.
func (r *rows) parse(p *parser, players int) {
	r.peek(p)
	if p.err == nil && r.flags&hasState != 0 {
		n := p.limited("length of State", 0, MaxState)
		from := p.at
		p.tokens(n, func(int, []byte) {})
		r.state = packed{n, p.b[from:p.at]}
	}
	if p.err != nil {
		return
	}
	d := r.column[:r.count]
	clear(r.absent[:r.count])
	r.still = r.flags&^hasState == 0
	if r.flags&hasAbsent != 0 {
		p.column(d)
		v := byte(0)
		for i, change := range d {
			v ^= change
			if at := p.at; v>>players != 0 {
				p.fail(at, "seats %#02x are absent, but there are only %d", v, players)
			}
			r.absent[i] = v
		}
	}
	for seat := range players {
		bits := r.bits[seat][:r.count]
		clear(bits)
		mask := p.u8()
		r.still = r.still && mask == 0
		for k := range 8 {
			if mask>>k&1 == 0 {
				continue
			}
			p.column(d)
			if p.err != nil {
				return
			}
			v := byte(0)
			for i, change := range d {
				v ^= change
				bits[i] |= uint64(v) << (8 * k)
			}
		}
	}
	clear(r.hashes[:r.count])
	if r.flags&hasHashes != 0 {
		next := 0
		for range int(p.u8()) + 1 {
			i := p.row(next, r.count)
			r.hashes[i] = p.u64()
			next = i + 1
		}
	}
	r.orders = nil
	if r.flags&hasCommands != 0 {
		n := p.limited("number of Commands", 1, maxRows*netcode.MaxPlayers)
		from, last := p.at, -1
		for range n {
			at := p.at
			i, seat := p.row(0, r.count), int(p.u8())
			place := i*players + seat
			if p.err == nil && (seat >= players || place <= last) {
				p.fail(at, "Command of row %d, player %d is out of order, or the player is not there", i, seat)
			}
			p.bytes(int(p.u8()) + 1)
			if p.err != nil {
				return
			}
			last = place
		}
		r.orders = p.b[from:p.at]
	}
	p.done()
}

// row reads the index of a row.
func (p *parser) row(low, count int) int {
	at := p.at
	i := int(p.u8())
	if p.err == nil && (i < low || i >= count) {
		p.fail(at, "row %d of the block, must be %d to %d", i, low, count-1)
	}
	if p.err != nil {
		return 0
	}
	return i
}
