package main

import (
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// fire is what hostile clients do, all at once, until it is stopped.
type fire struct {
	addr string
	stop chan struct{}
	wg   sync.WaitGroup
	held []net.Conn // half-open

	shots    atomic.Int64 // connections of those who do not wait
	networks atomic.Int64 // from which somebody came once
	guesses  atomic.Int64 // of codes
	found    atomic.Int64 // rooms, by that
	kept     atomic.Int64 // bytes that the server was to keep
}

// Hostile sources are not those of the honest: the i-th source says for whom it
// connects, and is believed, if it is one of proxies.
const (
	hostile = 20_000
	proxies = "127.1.0.0/16"
)

// Where attackers come from: one network with all addresses in it, many, and a few
// addresses that keep to all limits.
func anywhere6() netip.Addr { return random6(0x2001_0db8_0000_0000, 0xffff_0000) }
func within48() netip.Addr  { return random6(0x2001_0db8_dead_0000, 0) }

func random6(network, vary uint64) netip.Addr {
	network |= rand.Uint64() & (vary | 0xffff)
	var b [16]byte
	for i := range 8 {
		b[i] = byte(network >> (56 - 8*i))
	}
	b[15] = 1
	return netip.AddrFrom16(b)
}

func anywhere4() netip.Addr {
	n := rand.Uint32()
	return netip.AddrFrom4([4]byte{byte(64 + n>>24%64), byte(n >> 16), byte(n >> 8), byte(n)})
}

func (f *fire) over() bool {
	select {
	case <-f.stop:
		return true
	default:
		return false
	}
}

// every does something n times a second, by some workers, until it is over.
func (f *fire) every(n int, do func(i int)) {
	const workers = 8
	for w := range workers {
		f.wg.Go(func() {
			t := time.NewTicker(time.Second * workers / time.Duration(n))
			defer t.Stop()
			for i := w; ; i += workers {
				select {
				case <-f.stop:
					return
				case <-t.C:
					do(i)
				}
			}
		})
	}
}

// open fires at a server.
func open(addr string, half, guesses int) (*fire, error) {
	f := &fire{addr: addr, stop: make(chan struct{}), held: make([]net.Conn, half)}
	err := spread(32, half, func(i int) (err error) {
		f.held[i], err = f.halfOpen(i)
		return err
	})
	if err != nil {
		f.cease()
		return nil, err
	}
	f.wg.Go(f.drip)
	f.every(guesses, f.guess)
	f.every(guesses, f.pass)
	for _, do := range []func(i int){f.keep, f.deafen, f.talk} {
		f.wg.Go(func() {
			for n := 0; !f.over(); n++ {
				do(n)
			}
		})
	}
	large := protocol.Encode(protocol.Message{Kind: protocol.Signal, To: 1})
	large = append(frame(nil, 1<<20), append(large, make([]byte, 1<<20-len(large))...)...)
	junk := []byte(strings.Repeat(`{"kind":{"kind":[`, 100))
	junk = append(frame(nil, len(junk)), junk...)
	deep := []byte(strings.Repeat("[", 60_000))
	deep = append(frame(nil, len(deep)), deep...)
	unfinished := frame(nil, protocol.MaxMessage)
	unfinished = append(unfinished, make([]byte, protocol.MaxMessage-1)...)
	for i, shot := range [][]byte{large, junk, deep, unfinished} {
		f.wg.Go(func() {
			for n := 0; !f.over(); n++ {
				f.shoot(i+4*n, shot)
			}
		})
	}
	return f, nil
}

// halfOpen is the i-th socket that says half of a request. It is no proxy's.
func (f *fire) halfOpen(i int) (net.Conn, error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 2, byte(i/250%250), byte(1+i%250))}}
	c, err := d.Dial("tcp4", f.addr)
	if err == nil {
		_, _ = io.WriteString(c, "GET /bench HTTP/1.1\r\nHost: ")
	}
	return c, err
}

// drip says half requests by the letter, and opens a new socket for each that was closed.
func (f *fire) drip() {
	for ; !f.over(); time.Sleep(time.Second) {
		for i, c := range f.held {
			c.SetWriteDeadline(time.Now().Add(time.Millisecond))
			if _, err := io.WriteString(c, "a"); err == nil || f.over() {
				continue
			}
			c.Close()
			if c, err := f.halfOpen(i); err == nil {
				f.held[i] = c
			}
		}
	}
}

// pass is a connection from a network that nobody has come from yet.
func (f *fire) pass(i int) {
	from := anywhere6()
	if i%2 == 0 {
		from = within48()
	}
	if e, err := dialFrom(f.addr, "/bench?players=2&new", hostile+i, from); err == nil {
		f.networks.Add(1)
		e.Close()
	}
}

// guess asks for a room by a code that may be right.
func (f *fire) guess(i int) {
	code := make([]byte, protocol.MinSpoken+rand.IntN(2))
	for i := range code {
		code[i] = protocol.Letters[rand.IntN(len(protocol.Letters))]
	}
	from := anywhere4()
	if i%4 == 0 {
		from = within48()
	}
	m, err := joinFrom(f.addr, string(code), hostile+i, from)
	f.guesses.Add(1)
	if err == nil {
		f.found.Add(1)
		m.Close()
	}
}

// room is two from one address in a room of theirs with as much data as there may be.
func (f *fire) room(i int, from netip.Addr) (two [2]*member, ok bool) {
	var err error
	if two[0], err = joinFrom(f.addr, "", hostile+i, from); err != nil {
		return two, false
	}
	_ = two[0].say(protocol.Encode(protocol.Message{Kind: protocol.SetRoom, Seq: 1, Room: &protocol.Room{Data: make([]byte, protocol.MaxData)}}))
	if two[1], err = joinFrom(f.addr, two[0].code, hostile+i, from); err != nil {
		two[0].Close()
		return two, false
	}
	return two, true
}

// What attackers say is made once: they have processors of their own.
var (
	largest = protocol.Encode(protocol.Message{Kind: protocol.Signal, To: 1, Payload: make([]byte, protocol.MaxPayload)})
	states  = [2][]byte{
		protocol.Encode(protocol.Message{Kind: protocol.State, Ready: true, Data: make([]byte, protocol.MaxData)}),
		protocol.Encode(protocol.Message{Kind: protocol.State, Data: make([]byte, protocol.MaxData)}),
	}
)

// signals says so many large signals to the first member of the room.
func (f *fire) signals(m *member, n int) {
	for range n {
		if f.over() || m.say(largest) != nil {
			return
		}
		f.kept.Add(protocol.MaxPayload)
	}
}

// keep makes the server keep what nobody will ever hear, from one address in ten that
// keeps to its limits.
func (f *fire) keep(i int) {
	two, ok := f.room(i, netip.AddrFrom4([4]byte{203, 0, byte(i % 10), 5}))
	if !ok {
		time.Sleep(50 * time.Millisecond)
		return
	}
	two[0].Close()
	f.signals(two[1], protocol.MaxKeptBytes/protocol.MaxPayload)
	two[1].Close()
}

// deafen says much to somebody who does not read.
func (f *fire) deafen(i int) {
	two, ok := f.room(i, netip.AddrFrom4([4]byte{203, 1, byte(i % 10), 5}))
	if !ok {
		time.Sleep(50 * time.Millisecond)
		return
	}
	f.signals(two[1], 100)
	select {
	case <-f.stop:
	case <-time.After(time.Second):
	}
	two[0].Close()
	two[1].Close()
}

// talk says what makes sense as fast as it can.
func (f *fire) talk(i int) {
	m, err := joinFrom(f.addr, "", hostile+i, netip.AddrFrom4([4]byte{203, 2, byte(i % 10), 5}))
	if err != nil {
		time.Sleep(50 * time.Millisecond)
		return
	}
	defer m.Close()
	m.SetDeadline(time.Now().Add(2 * time.Second))
	for n := 0; !f.over(); n++ {
		if m.say(states[n%2]) != nil {
			return
		}
	}
}

// shoot is one connection that says the same until it is refused.
func (f *fire) shoot(i int, shot []byte) {
	e, err := dialFrom(f.addr, "/bench?players=2&new", hostile+i, netip.AddrFrom4([4]byte{203, 3, byte(i % 10), 5}))
	if err != nil {
		time.Sleep(50 * time.Millisecond)
		return
	}
	defer e.Close()
	f.shots.Add(1)
	_ = e.say(protocol.Encode(protocol.Message{Kind: protocol.Hello, Build: build}))
	e.SetDeadline(time.Now().Add(2 * time.Second))
	for !f.over() {
		if _, err := e.Write(shot); err != nil {
			return
		}
	}
}

func (f *fire) cease() {
	close(f.stop)
	f.wg.Wait()
	for _, c := range f.held {
		if c != nil {
			c.Close()
		}
	}
}
