package protocol

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// Nearly all that a server hears and says is short: a Signal, a Ping, a Pong.
// These are read and written here without reflection, to the byte as
// encoding/json has them. Whatever looks otherwise is left to encoding/json.

// short tells whether a message has only what appendShort writes.
func (m *Message) short() bool {
	switch m.Kind {
	case Signal, Ping, Pong, Left, Leave:
	default:
		return false
	}
	return !m.Resumed && m.Build == "" && m.Name == "" && m.Resume == "" && m.Open == 0 && m.Self == 0 && m.Token == "" && m.Code == "" &&
		m.Text == "" && m.Min == 0 && m.Max == 0 && m.Round == 0 && !m.Ready && len(m.Linked) == 0 && len(m.Data) == 0 &&
		len(m.Members) == 0 && len(m.Servers) == 0 && m.Match == nil && m.After == 0 && len(m.Direct) == 0 && len(m.Relayed) == 0 && m.Failed == 0
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
	if len(m.Payload) > 0 {
		b = append(b, `,"payload":"`...)
		b = base64.StdEncoding.AppendEncode(b, m.Payload)
		b = append(b, '"')
	}
	return append(b, '}')
}

// decodeShort reads what appendShort writes; it is false for anything else,
// which may be a message all the same.
func (m *Message) decodeShort(b []byte) bool {
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
		if n < 0 || bytes.IndexByte(text[:n], '\n') >= 0 || bytes.IndexByte(text[:n], '\r') >= 0 { // base64 skips line ends, JSON has none
			return false
		}
		p, err := base64.StdEncoding.AppendDecode(nil, text[:n])
		if err != nil || len(p) > MaxPayload {
			return false
		}
		m.Payload, b = p, text[n+1:]
	}
	return len(b) == 1 && b[0] == '}'
}
