//go:build !js

package server

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// wire is a connection to a server on which a test says bytes.
type wire struct {
	net.Conn
	t *testing.T
}

func open(t *testing.T, cfg Config) *wire {
	t.Helper()
	cfg.Turn = "off"
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	c, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	w := &wire{c, t}
	io.WriteString(c, "GET /pong HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "+protocol.Version+"\r\n\r\n")
	var answer []byte
	for !bytes.HasSuffix(answer, []byte("\r\n\r\n")) {
		answer = append(answer, w.read(1)...)
	}
	if !bytes.Contains(answer, []byte("101 ")) || !bytes.Contains(answer, []byte("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) { // the example of RFC 6455, 1.3
		t.Fatalf("%s", answer)
	}
	return w
}

func (w *wire) read(n int) []byte {
	w.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(w.Conn, b); err != nil {
		w.t.Fatal(err)
	}
	return b
}

// hear is the next frame of the server.
func (w *wire) hear() (first byte, body string) {
	w.t.Helper()
	h := w.read(2)
	n := int(h[1])
	if n == 126 {
		n = int(binary.BigEndian.Uint16(w.read(2)))
	}
	return h[0], string(w.read(n))
}

// masked is a frame of a client; length is what its header promises.
func masked(first byte, body string, length int) []byte {
	b := []byte{first}
	switch {
	case length < 126:
		b = append(b, 0x80|byte(length))
	case length < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(length))
	}
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	for i := range len(body) {
		b = append(b, body[i]^key[i%4])
	}
	return b
}

func frame(first byte, body string) []byte { return masked(first, body, len(body)) }

const hello = `{"kind":"hello"}`

func TestMessagesInPieces(t *testing.T) {
	long := `{"kind":"hello","extra":"` + strings.Repeat("x", 20_000) + `"}`
	for name, said := range map[string][][]byte{
		"whole":                {frame(0x81, hello)},
		"binary":               {frame(0x82, hello)},
		"longer than a piece":  {frame(0x81, long)},
		"in fragments":         {frame(0x01, hello[:3]), frame(0x00, ""), frame(0x00, hello[3:7]), frame(0x80, hello[7:])},
		"with a ping between":  {frame(0x01, hello[:3]), frame(0x89, "p"), frame(0x80, hello[3:])},
		"after a pong":         {frame(0x8a, ""), frame(0x81, hello)},
		"fragments of a piece": {frame(0x01, long[:9000]), frame(0x80, long[9000:])},
	} {
		for _, step := range []int{1, 7, 1 << 20} {
			w := open(t, Config{})
			all := bytes.Join(said, nil)
			if step == 1 && len(all) > 1000 {
				continue
			}
			for len(all) > 0 {
				n := min(step, len(all))
				w.Write(all[:n])
				all = all[n:]
			}
			op, body := w.hear()
			if op == 0x8a {
				op, body = w.hear()
			}
			if op != 0x81 || !strings.Contains(body, `"welcome"`) {
				t.Errorf("%s, %d at once: %x %q", name, step, op, body)
			}
		}
	}
}

func TestWhatIsNoWebSocketEnds(t *testing.T) {
	type ending struct {
		said []byte
		want status
	}
	cases := map[string]ending{
		"no mask":             {[]byte{0x81, 2, '{', '}'}, statusProtocol},
		"an extension":        {frame(0xc1, hello), statusProtocol},
		"unknown opcode":      {frame(0x83, hello), statusProtocol},
		"unknown control":     {frame(0x8b, ""), statusProtocol},
		"long control":        {frame(0x89, strings.Repeat("x", 126)), statusProtocol},
		"control in two":      {frame(0x09, "x"), statusProtocol},
		"end of no fragments": {frame(0x80, hello), statusProtocol},
		"text in fragments":   {append(frame(0x01, "x"), frame(0x81, hello)...), statusProtocol},
		"no UTF-8":            {frame(0x81, "\xff"), statusText},
		"no UTF-8, fragments": {append(frame(0x01, "\xe2\x82"), frame(0x80, "x")...), statusText},
		"too large":           {masked(0x81, "", protocol.MaxMessage+1), statusLarge},
		"far too large":       {masked(0x81, "", 1<<62), statusLarge},
		"too many fragments":  {append(frame(0x01, strings.Repeat("x", protocol.MaxMessage)), frame(0x80, "x")...), statusLarge},
		"a close":             {frame(0x88, "\x0f\xa0bye"), 4000},
		"an empty close":      {frame(0x88, ""), statusNormal},
		"half a status":       {frame(0x88, "\x03"), statusProtocol},
		"no UTF-8 in a close": {frame(0x88, "\x03\xe8\xff"), statusText},
	}
	for status, fine := range map[status]bool{0: false, 999: false, 1000: true, 1003: true, 1004: false, 1005: false, 1006: false, 1007: true, 1014: true, 1015: false, 1016: false, 2999: false, 3000: true, 4999: true, 5000: false, 65535: false} {
		want := status
		if !fine {
			want = statusProtocol
		}
		cases[fmt.Sprintf("a close with %d", status)] = ending{frame(0x88, string(binary.BigEndian.AppendUint16(nil, uint16(status)))), want}
	}
	for name, c := range cases {
		w := open(t, Config{})
		w.Write(c.said)
		op, body := w.hear()
		if op != 0x88 || len(body) != 2 || readStatus([]byte(body)) != c.want {
			t.Errorf("%s: %x %x, want %d", name, op, body, c.want)
		}
	}
}

// A frame that promises to be long takes no memory for that.
func TestPromisesAreCheap(t *testing.T) {
	b := masked(0x81, "x", protocol.MaxMessage)
	s := &Server{}
	if err := s.cfg.Limits.fill(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		c := &conn{server: s, socket: newSocket(&script{b: b}, nil)}
		c.listen()
		c.release()
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 100*protocol.MaxMessage/4 {
		t.Errorf("%d bytes for each", (after.TotalAlloc-before.TotalAlloc)/100)
	}
}

// script is a connection on which this comes, and then its end.
type script struct {
	net.Conn
	b []byte
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.b)
	s.b = s.b[n:]
	return n, nil
}

// What is said is said also after the time for one write has passed since the first.
func TestItAnswersLaterToo(t *testing.T) {
	before := writeTimeout
	writeTimeout = 50 * time.Millisecond
	defer func() { writeTimeout = before }()
	w := open(t, Config{})
	w.Write(frame(0x81, hello))
	w.hear()
	time.Sleep(2 * writeTimeout)
	w.Write(frame(0x89, "still there?"))
	if op, body := w.hear(); op != 0x8a || body != "still there?" {
		t.Errorf("%x %q", op, body)
	}
}

func TestHandshakes(t *testing.T) {
	good := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"x"}}
	for name, spoil := range map[string]func(*http.Request){
		"fine":          func(*http.Request) {},
		"POST":          func(r *http.Request) { r.Method = "POST" },
		"no connection": func(r *http.Request) { r.Header.Del("Connection") },
		"version":       func(r *http.Request) { r.Header.Set("Sec-WebSocket-Version", "8") },
		"no key":        func(r *http.Request) { r.Header.Del("Sec-WebSocket-Key") },
	} {
		r := httptest.NewRequest("GET", "/pong", nil)
		r.Header = good.Clone()
		spoil(r)
		if _, why := handshake(r, ""); (why == "") != (name == "fine") {
			t.Errorf("%s: %q", name, why)
		}
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(frame(0x81, hello), 3)
	f.Add(append(frame(0x01, hello[:3]), frame(0x80, hello[3:])...), 1)
	f.Add(masked(0x81, "", 1<<62), 9)
	f.Fuzz(func(t *testing.T, b []byte, early int) {
		early = min(max(early, 0), len(b))
		s, err := New(Config{Turn: "off"})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		a, far := net.Pipe()
		defer far.Close()
		c := &conn{server: s, id: 1, socket: newSocket(&script{Conn: a, b: b[early:]}, b[:early:early])}
		s.mu.Lock()
		s.conns[1] = c
		s.mu.Unlock()
		s.wg.Add(1)
		go c.run()
		io.Copy(io.Discard, far) // to the end
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.conns) != 0 || c.in != nil {
			t.Error("something is left")
		}
	})
}
