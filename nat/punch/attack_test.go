//go:build !js

package punch

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v2"
)

// A victim, an honest player and an attacker, each a process of its own: this
// test's binary, started again with a role. Their signals go by line over
// standard input and output, and the test is the exchange.

const (
	roleVariable = "PUNCH_TEST_ROLE"
	enough       = 45 // packets of the honest player that arrive before an attack is over
)

// line is what processes say to the exchange and hear from it.
type line struct {
	Peer   string  `json:"peer,omitempty"` // whose link the signal is of: to or from the victim
	Signal []byte  `json:"signal,omitempty"`
	Word   string  `json:"word,omitempty"` // "ready", "go", "done"
	Result *damage `json:"result,omitempty"`
}

// damage is what an attack did to the victim.
type damage struct {
	Reason  string
	Hostile bool
	Kicked  time.Duration // from the first packet beyond a limit until all of the link is closed
	From    time.Duration // and from the first of the attack
	RSS     int           // bytes that the process grew by, at the highest
	Heard   int           // packets of the honest player,
	Missing int           // and how many of them never came
	Late    time.Duration // the longest time between two of them
	Kept    int           // packets and messages of the attacker that wait to be read
}

// An attack is what a peer does once its link is open.
type assault struct {
	name   string
	reason string // by which the link ends; empty if it does not
	broken bool   // that might be no abuse
	stall  bool   // the victim's game does not read what the attacker sends
	do     func(a *attacker, w *wire, until <-chan struct{})
}

func again(send func(), until <-chan struct{}) {
	for {
		select {
		case <-until:
			return
		default:
			send()
		}
	}
}

var attacks = []assault{
	{name: "nothing", do: func(*attacker, *wire, <-chan struct{}) {}},
	{name: "20000 channels", reason: "opened channel", do: func(a *attacker, _ *wire, until <-chan struct{}) {
		for range 20_000 {
			_, _ = a.pc.CreateDataChannel("extra", nil)
			select {
			case <-until:
				return
			default:
			}
		}
	}},
	{name: "empty packets while the game stalls", reason: "more than 240 packets a second", stall: true, do: func(a *attacker, _ *wire, until <-chan struct{}) {
		again(func() { _ = a.unreliable.Send(make([]byte, numberSize)) }, until)
	}},
	{name: "32 bytes", reason: "more than 240 packets a second", do: func(a *attacker, _ *wire, until <-chan struct{}) {
		b := make([]byte, 32)
		again(func() { _ = a.unreliable.Send(b) }, until)
	}},
	{name: "long packets", reason: "packet of more than 1200 bytes", do: func(a *attacker, _ *wire, until <-chan struct{}) {
		b := make([]byte, 60_000)
		again(func() { _ = a.unreliable.Send(b) }, until)
	}},
	{name: "a message of 60000 bytes", reason: "message of more than 16384 bytes", do: func(a *attacker, _ *wire, _ <-chan struct{}) {
		_ = a.reliable.Send(make([]byte, 60_000))
	}},
	{name: "a message of a megabyte", do: func(a *attacker, _ *wire, _ <-chan struct{}) { // It never arrives: the window is shut.
		_ = a.reliable.Send(make([]byte, 1_000_000))
	}},
	{name: "messages that nobody reads", reason: "messages of more than 262144 bytes", stall: true, do: func(a *attacker, _ *wire, until <-chan struct{}) {
		b := make([]byte, 16<<10)
		again(func() { _ = a.reliable.Send(b) }, until)
	}},
	{name: "no acknowledgements", reason: "acknowledged nothing", broken: true, do: func(_ *attacker, w *wire, _ <-chan struct{}) {
		w.mute.Store(true)
	}},
	{name: "asks again for all messages", reason: "asks twice", do: func(a *attacker, _ *wire, until <-chan struct{}) {
		again(func() {
			_ = a.reliable.Send([]byte{frameAgain, 0})
			time.Sleep(20 * time.Millisecond)
		}, until)
	}},
	{name: "offers new paths all the time", do: func(a *attacker, _ *wire, until <-chan struct{}) {
		s := signal{Attempt: 2, SDP: a.pc.LocalDescription().SDP}
		again(func() {
			s.Attempt++
			_ = a.reliable.Send(append([]byte{frameCarry}, s.encode()...))
			time.Sleep(20 * time.Millisecond)
		}, until)
	}},
	{name: "junk at the socket", do: func(a *attacker, _ *wire, until <-chan struct{}) { junk(a, until) }},
	{name: "junk on the link", do: func(_ *attacker, w *wire, until <-chan struct{}) {
		b := make([]byte, MaxPacket)
		r := rand.New(rand.NewPCG(1, 1))
		again(func() {
			b[0] = []byte{0, 22, 23, 64, 128, 129}[r.IntN(6)] // RFC 7983: STUN, DTLS, TURN channels, RTP and RTCP
			b[1] = []byte{0, 1, 96, 200}[r.IntN(4)]
			w.inject(b[:1+r.IntN(len(b))])
		}, until)
	}},
}

// junk is STUN of strangers: requests that name the victim or don't, none of
// them signed by a password that it gave to anybody.
func junk(a *attacker, until <-chan struct{}) {
	ufrag := ""
	for l := range strings.Lines(a.pc.RemoteDescription().SDP) {
		if u, ok := strings.CutPrefix(strings.TrimSpace(l), "a=ice-ufrag:"); ok {
			ufrag = u
		}
	}
	var to []net.Conn
	for _, c := range a.theirs {
		if f := strings.Fields(c.Text); len(f) > 7 && f[7] == "host" {
			if conn, err := net.Dial("udp", net.JoinHostPort(f[4], f[5])); err == nil {
				defer conn.Close()
				to = append(to, conn)
			}
		}
	}
	var kinds [][]byte
	for _, user := range []string{"nobody:nobody", ufrag + ":nobody"} {
		for _, t := range []stun.MessageType{stun.BindingRequest, stun.BindingSuccess} {
			m, err := stun.Build(t, stun.TransactionID, stun.NewUsername(user), stun.NewShortTermIntegrity("wrong"), stun.Fingerprint)
			if err != nil {
				panic(err)
			}
			kinds = append(kinds, m.Raw)
		}
	}
	kinds = append(kinds, make([]byte, 20), []byte{0}, append([]byte{128, 96}, make([]byte, 1000)...), append([]byte{22, 254, 253}, make([]byte, 1000)...))
	i := 0
	again(func() {
		for _, c := range to {
			_, _ = c.Write(kinds[i%len(kinds)])
		}
		i++
	}, until)
}

// exchange is a process's side of the lines.
type exchange struct {
	in   *bufio.Scanner
	mu   sync.Mutex
	out  *json.Encoder
	each func(line)
}

func (x *exchange) say(l line) {
	x.mu.Lock()
	defer x.mu.Unlock()
	_ = x.out.Encode(l)
}

func (x *exchange) hear() {
	for x.in.Scan() {
		var l line
		if json.Unmarshal(x.in.Bytes(), &l) == nil {
			x.each(l)
		}
	}
}

func newExchange(in io.Reader, out io.Writer) *exchange {
	x := &exchange{in: bufio.NewScanner(in), out: json.NewEncoder(out)}
	x.in.Buffer(nil, 1<<20)
	return x
}

// play is the whole of a process with a role. It ends with its input.
func play(role string) {
	x := newExchange(os.Stdin, os.Stdout)
	name, attack, _ := strings.Cut(role, "/")
	switch name {
	case "victim":
		playVictim(x, attack)
	case "honest":
		playHonest(x)
	case "hostile":
		playHostile(x, attack)
	}
}

func named(name string) *assault {
	for i := range attacks {
		if attacks[i].name == name {
			return &attacks[i]
		}
	}
	panic("no attack " + name)
}

func playHostile(x *exchange, name string) {
	w, err := newWire()
	if err != nil {
		panic(err)
	}
	a, offer, err := newAttacker(w)
	if err != nil {
		panic(err)
	}
	begin, until := make(chan struct{}), make(chan struct{})
	x.each = func(l line) {
		switch l.Word {
		case "go":
			close(begin)
		case "":
			_ = a.hear(l.Signal)
		}
	}
	go func() {
		<-a.open
		a.drain()
		<-begin
		named(name).do(a, w, until)
	}()
	x.say(line{Peer: "hostile", Signal: offer})
	x.hear()
	close(until)
}

func playHonest(x *exchange) {
	l, err := New(Options{Offer: true})
	if err != nil {
		panic(err)
	}
	x.each = func(heard line) {
		if heard.Signal != nil {
			_ = l.Signal(heard.Signal)
		}
	}
	go func() {
		p := make([]byte, 100)
		for k := uint64(0); ; time.Sleep(time.Second / 60) {
			for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
				x.say(line{Peer: "honest", Signal: s})
			}
			if l.State() == Open {
				k++
				binary.LittleEndian.PutUint64(p, k)
				l.Send(p)
				for _, ok := l.Recv(p[:]); ok; _, ok = l.Recv(p[:]) {
				}
			}
		}
	}()
	x.hear()
}

// playVictim is a game at 60 Hz over two links.
func playVictim(x *exchange, name string) {
	attack := named(name)
	links := map[string]*Link{}
	limits := Limits{}
	if attack.broken { // The others are to be caught by what they do, however slow this machine is.
		limits.Ack = 2 * time.Second
	}
	for _, peer := range []string{"honest", "hostile"} {
		l, err := New(Options{Limits: limits})
		if err != nil {
			panic(err)
		}
		links[peer] = l
	}
	x.each = func(l line) {
		if l.Signal != nil {
			_ = links[l.Peer].Signal(l.Signal)
		}
	}
	go x.hear()
	honest, hostile := links["honest"], links["hostile"]
	out := make(chan time.Time, 1)
	go func() {
		<-hostile.done
		out <- time.Now()
	}()

	var d damage
	var first, last uint64 // numbers of the honest player's packets
	var heardAt, begun, closed time.Time
	base, ticks := 0, 0
	tick := time.NewTicker(time.Second / 60)
	buffer := make([]byte, MaxPacket)
	for ; ; <-tick.C {
		for peer, l := range links {
			for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
				x.say(line{Peer: peer, Signal: s})
			}
		}
		for n, ok := honest.Recv(buffer); ok; n, ok = honest.Recv(buffer) {
			if begun.IsZero() || n < 8 {
				continue
			}
			now, k := time.Now(), binary.LittleEndian.Uint64(buffer)
			if first == 0 {
				first, heardAt = k, now
			}
			d.Late = max(d.Late, now.Sub(heardAt))
			heardAt, last = now, max(last, k)
			d.Heard++
		}
		if !attack.stall {
			for _, ok := hostile.Recv(buffer); ok; _, ok = hostile.Recv(buffer) {
			}
			for _, ok := hostile.RecvMessage(); ok; _, ok = hostile.RecvMessage() {
			}
		}
		if honest.State() != Open || hostile.State() == Connecting {
			continue
		}
		honest.Send(buffer[:100])
		hostile.Send(buffer[:100])
		_ = hostile.SendMessage(buffer)
		switch ticks++; {
		case ticks == 40: // What a running game costs is no damage.
			runtime.GC()
			forget()
			base = memory("VmRSS")
			begun = time.Now()
			x.say(line{Word: "ready"})
		case ticks > 40 && closed.IsZero():
			select {
			case closed = <-out:
			default:
			}
		}
		if ticks > 40 && d.Heard >= enough && (attack.reason == "" || !closed.IsZero()) {
			break
		}
	}
	hostile.mu.Lock()
	refused := hostile.in.beyond
	d.Kept = hostile.in.inbox.size + len(hostile.mail.received)
	hostile.mu.Unlock()
	if !closed.IsZero() {
		d.From = closed.Sub(begun)
		if !refused.IsZero() {
			d.Kicked = closed.Sub(refused)
		}
	}
	if err := hostile.Err(); err != nil {
		d.Reason, d.Hostile = err.Error(), errors.Is(err, ErrHostile)
	}
	d.Missing = int(last-first) + 1 - d.Heard
	d.RSS = memory("VmHWM") - base
	x.say(line{Result: &d})
}

// memory is what this process has now (VmRSS) or had at the most since forget
// (VmHWM), in bytes; zero where the system does not tell.
func memory(field string) (n int) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(l, field+":"); ok {
			n, _ = strconv.Atoi(strings.Fields(v)[0])
		}
	}
	return n << 10
}

func forget() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// suffer lets three processes meet, one attack another, and tells what it did.
func suffer(t *testing.T, a assault) damage {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	type process struct {
		*exchange
		name string
	}
	var mu sync.Mutex
	processes := map[string]*process{}
	result := make(chan damage, 1)
	var kill, wait []func()
	var wg sync.WaitGroup
	for name, role := range map[string]string{"victim": "victim/" + a.name, "honest": "honest", "hostile": "hostile/" + a.name} {
		cmd := exec.Command(binary)
		cmd.Env = append(os.Environ(), roleVariable+"="+role)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		p := &process{newExchange(out, in), name}
		p.each = func(l line) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case l.Result != nil:
				result <- *l.Result
			case l.Word == "ready":
				processes["hostile"].say(line{Word: "go"})
			case name == "victim":
				processes[l.Peer].say(l)
			default:
				processes["victim"].say(l)
			}
		}
		mu.Lock()
		processes[name] = p
		mu.Unlock()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill = append(kill, func() { _ = cmd.Process.Kill() })
		wait = append(wait, func() { _ = cmd.Wait() })
	}
	defer func() {
		for _, f := range kill {
			f()
		}
		wg.Wait() // Their outputs are read to the end before Wait closes them.
		for _, f := range wait {
			f()
		}
	}()
	for _, p := range processes {
		wg.Go(p.hear)
	}
	select {
	case d := <-result:
		return d
	case <-time.After(time.Minute):
		t.Fatal("no result within a minute")
		return damage{}
	}
}

// Whatever a connected peer does, an honest third one is heard on, and the
// process grows by no more than 4 MB; what none of ours does ends the link with
// a reason. Times are printed and not asserted.
func TestAttacks(t *testing.T) {
	cores := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			cores <- struct{}{} // Three processes and a flood are enough for one.
			defer func() { <-cores }()
			d := suffer(t, a)
			for range 2 { // The collector is not always in time; what grows without end does so each time.
				if d.RSS <= 4<<20 || raced {
					break
				}
				d = suffer(t, a)
			}
			t.Logf("%s: out %v after the first packet too many, %v after the first; %+.1f MB; honest packets: %d heard, %d missing, %v the longest wait: %s",
				a.name, d.Kicked.Round(time.Millisecond), d.From.Round(time.Millisecond), float64(d.RSS)/(1<<20), d.Heard, d.Missing, d.Late.Round(time.Millisecond), d.Reason)
			if !strings.Contains(d.Reason, a.reason) || a.reason == "" && d.Reason != "" {
				t.Errorf("ended for %q, want %q", d.Reason, a.reason)
			}
			if d.Heard < enough || d.Missing > enough/10 {
				t.Errorf("%d packets of the honest player were heard and %d were not", d.Heard, d.Missing)
			}
			if d.RSS > 4<<20 && !raced {
				t.Errorf("the process grew by %d bytes", d.RSS)
			}
			if l := (Limits{}).withDefaults(); d.Kept > l.Inbox+2*l.Messages {
				t.Errorf("%d packets and messages are kept", d.Kept)
			}
			if hostile := a.reason != "" && !a.broken; d.Hostile != hostile {
				t.Errorf("hostile is %v, want %v", d.Hostile, hostile)
			}
		})
	}
}
