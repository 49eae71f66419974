package protocol

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// Nearly all that a server hears and says is short: a Signal, a Ping, a Pong.
// These are read and written here without reflection, to the byte as
// encoding/json has them. Whatever looks otherwise is left to encoding/json.

// short reports whether a message has only what appendShort writes.
func (m *Message) short() bool {
	switch m.Kind {
	case Signal, Ping, Pong, Left, Leave:
	default:
		return false
	}
	return !m.Resumed && m.Build == "" && m.Name == "" && m.Resume == "" && m.Who == "" && m.Open == 0 && m.Self == 0 && m.Token == "" && m.Code == "" &&
		m.Text == "" && m.Min == 0 && m.Max == 0 && m.Round == 0 && !m.Ready && len(m.Linked) == 0 && len(m.Data) == 0 &&
		len(m.Members) == 0 && len(m.Servers) == 0 && m.Match == nil && m.After == 0 && len(m.Direct) == 0 && len(m.Relayed) == 0 && m.Failed == 0 &&
		m.Room == nil && len(m.Near) == 0 && m.Query == nil && len(m.Rooms) == 0
}

func appendShort(b []byte, m *Message) []byte {
	b = append(b, `{"kind":"`...)
	b = append(b, m.Kind...)
	b = append(b, '"')
	number := func(key string, n uint64) {
		if n != 0 {
			b = strconv.AppendUint(append(b, key...), n, 10)
		}
	}
	number(`,"seq":`, m.Seq)
	number(`,"ack":`, m.Ack)
	number(`,"to":`, uint64(m.To))
	number(`,"from":`, uint64(m.From))
	if len(m.coded) > 0 {
		b = append(b, `,"payload":"`...)
		b = append(b, m.coded...)
		b = append(b, '"')
	} else if len(m.Payload) > 0 {
		b = append(b, `,"payload":"`...)
		b = base64.StdEncoding.AppendEncode(b, m.Payload)
		b = append(b, '"')
	}
	return append(b, '}')
}

// decodeShort reads what appendShort writes; it is false for anything else,
// which may be a message all the same.
func (m *Message) decodeShort(b []byte, pass bool) bool {
	*m = Message{}
	b, ok := bytes.CutPrefix(b, []byte(`{"kind":"`))
	if !ok {
		return false
	}
	kind, b, ok := bytes.Cut(b, []byte{'"'})
	if !ok {
		return false
	}
	switch Kind(kind) { // Not Kind(kind) itself, which would be copied.
	case Signal:
		m.Kind = Signal
	case Ping:
		m.Kind = Ping
	case Pong:
		m.Kind = Pong
	case Left:
		m.Kind = Left
	case Leave:
		m.Kind = Leave
	default:
		return false
	}
	number := func(key string) (n uint64) {
		rest, found := bytes.CutPrefix(b, []byte(key))
		if !found {
			return 0
		}
		i := 0
		for i < len(rest) && i < 18 && '0' <= rest[i] && rest[i] <= '9' { // 18 digits can't overflow
			n = 10*n + uint64(rest[i]-'0')
			i++
		}
		if i > 0 && rest[0] != '0' {
			b = rest[i:] // else the next look at b fails
		}
		return n
	}
	m.Seq, m.Ack = number(`,"seq":`), number(`,"ack":`)
	to, from := number(`,"to":`), number(`,"from":`)
	m.To, m.From = ID(to), ID(from)
	if uint64(m.To) != to || uint64(m.From) != from {
		return false
	}
	if text, found := bytes.CutPrefix(b, []byte(`,"payload":"`)); found {
		n := bytes.IndexByte(text, '"')
		if n < 0 || !pass && (bytes.IndexByte(text[:n], '\n') >= 0 || bytes.IndexByte(text[:n], '\r') >= 0) { // base64 skips line ends, JSON has none
			return false
		}
		switch {
		case n/4*3 > MaxPayload:
			return false
		case pass:
			if !isBase64(text[:n]) {
				return false
			}
			m.coded = bytes.Clone(text[:n])
		default:
			p, err := base64.StdEncoding.AppendDecode(nil, text[:n])
			if err != nil {
				return false
			}
			m.Payload = p
		}
		b = text[n+1:]
	}
	return len(b) == 1 && b[0] == '}'
}

// isBase64 reports whether b is what StdEncoding writes.
func isBase64(b []byte) bool {
	if len(b)%4 != 0 {
		return false
	}
	for range 2 {
		b = bytes.TrimSuffix(b, []byte{'='})
	}
	bad := byte(0)
	for ; len(b) >= 8; b = b[8:] { // in steps: this is much of what a relayed signal costs
		bad |= strange[b[0]] | strange[b[1]] | strange[b[2]] | strange[b[3]] | strange[b[4]] | strange[b[5]] | strange[b[6]] | strange[b[7]]
	}
	for _, c := range b {
		bad |= strange[c]
	}
	return bad == 0
}

// strange is 1 for what is no digit of base64.
var strange = func() (t [256]byte) {
	for c := range t {
		if bytes.IndexByte([]byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"), byte(c)) < 0 {
			t[c] = 1
		}
	}
	return t
}()

// DecodeToPass is Decode for whoever only passes Signals on: what they carry may be
// left in base64, with Payload empty. See Pass.
func (m *Message) DecodeToPass(b []byte) error {
	if m.decodeShort(b, true) {
		return nil
	}
	return m.Decode(b)
}

// Pass is a Signal as the server says it on.
func (m *Message) Pass(from ID) Message {
	return Message{Kind: Signal, From: from, To: m.To, Payload: m.Payload, coded: m.coded}
}

// uncoded is the message with its Payload decoded.
func (m *Message) uncoded() *Message {
	if m.coded == nil {
		return m
	}
	u := *m
	u.Payload, _ = base64.StdEncoding.AppendDecode(nil, m.coded)
	u.coded = nil
	return &u
}
