package relay

import (
	"bytes"
	"net"
	"os"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// A TCP client that sends what is no frame, or one of a length that no packet
// has, is cut off: with 65,516 bytes after the header a frame's length would be 0
// in 16 bits, and reading it would never end.
func TestTCPFrames(t *testing.T) {
	r := listen(t, Config{})
	cookie := []byte{0x21, 0x12, 0xa4, 0x42}
	for name, frame := range map[string][]byte{
		"STUN of no length":        append([]byte{0, 1, 0xff, 0xec}, cookie...),
		"STUN that is too long":    append([]byte{0, 1, 0x10, 0}, cookie...),
		"ChannelData of no length": {0x40, 0, 0xff, 0xfc},
		"neither":                  []byte("GET / HTTP/1.1\r\n"),
	} {
		c, err := net.Dial("tcp", r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(append(frame, make([]byte, 20)...)); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if n, err := c.Read(make([]byte, 100)); n > 0 || err == nil || os.IsTimeout(err) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}

	// Frames may come in pieces, and several at once.
	c, err := net.Dial("tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ask := stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw
	for _, b := range bytes.Repeat(ask, 3)[:50] {
		if _, err := c.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Write(ask[10:]); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	for answers, got := 0, []byte(nil); answers < 3; {
		b := make([]byte, 500)
		n, err := c.Read(b)
		if err != nil {
			t.Fatalf("%d answers of 3: %v", answers, err)
		}
		got = append(got, b[:n]...)
		answers = bytes.Count(got, ask[8:20])
	}
}
