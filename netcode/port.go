package netcode

// port is where packets go out and come in.
type port struct {
	net  Transport
	wire Disconnecter // net, if it is one
	tag  uint16       // of this match, before each packet

	out []byte // the packet that is written
	in  [MaxPacket + 1]byte

	play   play // the packet that is read, taken apart
	blocks [MaxPlayers]seatBlock
	status status

	sent, received traffic
	dropped        uint64
}

type traffic struct{ packets, bytes uint64 }

func (t *traffic) count(n int) {
	t.packets++
	t.bytes += uint64(n)
}

func (p *port) open(t Transport, tag uint16) {
	p.net, p.tag = t, tag
	p.wire, _ = t.(Disconnecter)
	p.out = make([]byte, 0, MaxPacket+(maxRun+MaxDelay)*(MaxCommand+16)) // and the longest seat
}

// send sends what was written.
func (p *port) send(to Peer) {
	p.net.Send(to, p.out)
	p.sent.count(len(p.out))
}

// recv is the next packet that has the length of one.
func (p *port) recv() (packet []byte, from Peer, ok bool) {
	n, from, ok := p.net.Recv(p.in[:])
	if !ok {
		return nil, 0, false
	}
	p.received.count(max(n, 0))
	if n < 3 || n > MaxPacket { // without a tag and a kind
		return nil, from, true
	}
	return p.in[:n], from, true
}

// lost reports whether the transport has no way to a machine any more.
func (p *port) lost(id Peer) bool { return p.wire != nil && p.wire.Disconnected(id) }

// ours reports whether a packet has the tag of this match.
func (p *port) ours(b []byte) bool { return uint16(b[0])|uint16(b[1])<<8 == p.tag }
