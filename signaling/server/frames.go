package server

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/punchback/punchback/signaling/protocol"
)

// The server's end of a WebSocket (RFC 6455) without extensions. It is our own
// since ten thousand of them wait nearly all the time: one that waits has no
// buffer, and a frame that only promises to be long gets no memory for it.

// Opcodes (5.2).
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2 // heard as if it were text
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// Why a WebSocket ends (7.4.1); zero: it has ended already.
type status uint16

const (
	statusNormal   status = 1000
	statusAway     status = 1001 // what a browser says for a page that is closed or reloaded: nobody is left to come back
	statusProtocol status = 1002
	statusText     status = 1007 // no UTF-8
	statusLarge    status = 1009
	statusCalm     status = 1 // none: nothing is half heard, and not much is said
)

// handshake answers a request for a WebSocket (4.2.1 and 4.2.2); why is what
// is wrong with it.
func handshake(r *http.Request, speak string) (answer, why string) {
	key := r.Header.Get("Sec-WebSocket-Key")
	switch {
	case r.Method != http.MethodGet:
		return "", "a WebSocket begins with GET"
	case !strings.Contains(strings.ToLower(strings.Join(r.Header.Values("Connection"), ",")), "upgrade"):
		return "", "the header Connection: Upgrade is missing"
	case r.Header.Get("Sec-WebSocket-Version") != "13":
		return "", "want Sec-WebSocket-Version 13"
	case key == "":
		return "", "the header Sec-WebSocket-Key is missing"
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n"
	if speak != "" {
		answer += "Sec-WebSocket-Protocol: " + speak + "\r\n"
	}
	return answer + "\r\n", ""
}

// piece is what is read into at once: a connection has one while there is
// something in it.
type piece [4 << 10]byte

var pieces = sync.Pool{New: func() any { return new(piece) }}

// listen hears what comes until the WebSocket ends. It returns the status to
// end it with, and the one that the other end has said; or statusCalm, to be
// called again.
func (c *conn) listen() (status, said status) {
	var message []byte // fragments so far
	fragments := false
	for {
		final, op, n, status := c.header()
		switch {
		case status != 0 || n < 0:
			return status, 0
		case op >= opClose:
			if !final || n > 125 {
				return statusProtocol, 0
			}
			if status, said := c.control(op, n); status != 0 || said != 0 {
				return status, said
			}
			continue
		case op > opBinary, fragments != (op == opContinuation):
			return statusProtocol, 0
		case len(message)+n > protocol.MaxMessage:
			return statusLarge, 0
		case c.refused && !c.patient(n):
			return 0, 0
		}
		var key [4]byte
		if err := c.full(key[:]); err != nil {
			return ended(err), 0
		}
		if final && !fragments && n <= len(c.rest) { // nearly always
			b := c.rest[:n]
			c.rest = c.rest[n:]
			unmask(b, key)
			if !utf8.Valid(b) {
				return statusText, 0
			}
			c.hear(b)
			if c.calm && len(c.rest) == 0 {
				c.calm = false
				return statusCalm, 0
			}
			continue
		}
		from := len(message)
		for n > 0 { // It grows with what comes, not with what was promised.
			if len(c.rest) == 0 {
				if err := c.more(); err != nil {
					return ended(err), 0
				}
			}
			k := min(n, len(c.rest))
			if !c.begin(k) {
				return statusLarge, 0
			}
			message = append(message, c.rest[:k]...)
			c.rest, n = c.rest[k:], n-k
		}
		unmask(message[from:], key)
		if fragments = !final; final {
			if !utf8.Valid(message) {
				return statusText, 0
			}
			c.hear(message)
			c.begin(-len(message))
			message = nil
		}
	}
}

// header hears the header of a frame, up to its mask; n is the length of what
// follows that, negative if the connection has ended.
func (c *conn) header() (final bool, op byte, n int, s status) {
	var h [8]byte
	if err := c.full(h[:2]); err != nil {
		return false, 0, -1, ended(err)
	}
	final, op, n = h[0]&0x80 != 0, h[0]&15, int(h[1]&127)
	if h[0]&0x70 != 0 || h[1]&0x80 == 0 { // an extension, or no mask
		return final, op, n, statusProtocol
	}
	var err error
	switch n {
	case 126:
		err = c.full(h[:2])
		n = int(binary.BigEndian.Uint16(h[:]))
	case 127:
		err = c.full(h[:])
		n = int(min(binary.BigEndian.Uint64(h[:]), protocol.MaxMessage+1))
	}
	if err != nil {
		return false, 0, -1, ended(err)
	}
	return final, op, n, 0
}

// control hears a control frame (5.5).
//
//go:noinline
func (c *conn) control(op byte, n int) (status, said status) {
	var b [4 + 125]byte
	if err := c.full(b[:4+n]); err != nil {
		return ended(err), 0
	}
	body := b[4 : 4+n]
	unmask(body, [4]byte(b[:4]))
	switch op {
	case opPing:
		c.pong(body)
	case opPong:
	case opClose:
		return goodbye(body)
	default:
		return statusProtocol, 0
	}
	return 0, 0
}

// goodbye hears what a close frame says (5.5.1): nothing, or a status that may be
// said (7.4), with a reason.
func goodbye(b []byte) (status, said status) {
	if len(b) == 0 {
		return statusNormal, statusNormal
	}
	if len(b) < 2 {
		return statusProtocol, 0
	}
	said = readStatus(b)
	switch {
	case said < 1000, 1004 <= said && said <= 1006, 1015 <= said && said < 3000, said >= 5000:
		return statusProtocol, 0
	case !utf8.Valid(b[2:]):
		return statusText, 0
	}
	return said, said
}

func readStatus(b []byte) status { return status(binary.BigEndian.Uint16(b)) }

// full hears exactly len(b) bytes.
func (c *conn) full(b []byte) error {
	for len(b) > 0 {
		if len(c.rest) == 0 {
			if err := c.more(); err != nil {
				return err
			}
		}
		n := copy(b, c.rest)
		b, c.rest = b[n:], c.rest[n:]
	}
	return nil
}

// ended is what to say when nothing more can be read: something, if it is just
// that nothing came.
func ended(err error) status {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return statusNormal
	}
	return 0
}

// farewell ends the WebSocket and the connection. Whoever did not say that it
// ends is listened to for a moment: a connection that is closed with something
// unread is reset, and the other end may not hear why.
func (c *conn) farewell(s, said status) {
	if s != 0 {
		c.server.mu.Lock()
		c.end(s)
		c.server.unlock()
		if said == 0 {
			c.SetReadDeadline(time.Now().Add(lingering))
			for n := 0; n < 4*protocol.MaxMessage && c.more() == nil; n += len(c.rest) {
			}
		}
	}
	c.release()
	c.Close()
}

func unmask(b []byte, key [4]byte) {
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	for k |= k << 32; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k)
	}
	for i := range b {
		b[i] ^= key[i&3]
	}
}

// appendFrame appends a frame of the server's.
func appendFrame(q []byte, op byte, b []byte) []byte {
	q = append(q, 0x80|op)
	switch {
	case len(b) < 126:
		q = append(q, byte(len(b)))
	case len(b) < 1<<16:
		q = binary.BigEndian.AppendUint16(append(q, 126), uint16(len(b)))
	default:
		q = binary.BigEndian.AppendUint64(append(q, 127), uint64(len(b)))
	}
	return append(q, b...)
}
