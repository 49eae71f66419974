//go:build netns && linux

package natlab

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/punchback/punchback/nat"
	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/signaling/relay"
)

// This test binary plays all parts, each as a process in a namespace. They say
// lines of JSON by stdin and stdout.
const roleVariable = "NATLAB_ROLE"

func TestMain(m *testing.M) {
	role, args, _ := strings.Cut(os.Getenv(roleVariable), " ")
	switch role {
	case "":
		os.Exit(m.Run())
	case "relay":
		playRelay()
	case "dual":
		playDual()
	case "echo":
		playEcho(args)
	case "ask":
		playAsk(args)
	case "victim":
		playVictim()
	case "player":
		playPlayer(strings.Fields(args))
	}
}

// message is one such line.
type message struct {
	Kind    string // ready, signal, open, report, failed
	Signal  []byte `json:",omitempty"`
	User    string `json:",omitempty"`
	Pass    string `json:",omitempty"`
	Path    string `json:",omitempty"`
	Reason  string `json:",omitempty"`
	Connect time.Duration
	Moves   int
	Gap     time.Duration // the longest time without a packet since it was open
	Heard   int           // packets
}

// process is one of them, from outside.
type process struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out chan message
}

// start starts one; its first word is the role.
func (l *lab) start(t testing.TB, h *Host, role ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: h.Command(os.Args[0]), out: make(chan message, 256)}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+strings.Join(role, " "))
	p.cmd.Stderr = os.Stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer close(p.out)
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			var m message
			if json.Unmarshal(s.Bytes(), &m) == nil {
				p.out <- m
			}
		}
	}()
	t.Cleanup(func() {
		// It ends with its input, but pion as it comes waits 8 s for a server that UDP cannot reach.
		_ = p.in.Close()
		late := time.AfterFunc(time.Second, func() { _ = p.cmd.Process.Kill() })
		defer late.Stop()
		for range p.out {
		}
		<-read
		_ = p.cmd.Wait()
	})
	return p
}

// next waits for a message of that kind.
func (p *process) next(kind string) message {
	p.t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case m, ok := <-p.out:
			if !ok {
				p.t.Fatalf("%v ended and never said %s", p.cmd.Env[len(p.cmd.Env)-1], kind)
			}
			if m.Kind == kind {
				return m
			}
		case <-limit:
			p.t.Fatalf("%v never said %s", p.cmd.Env[len(p.cmd.Env)-1], kind)
		}
	}
}

func (p *process) say(m message) { _ = json.NewEncoder(p.in).Encode(m) }

// tell is how a process speaks.
var tell = func() func(message) {
	var mu sync.Mutex
	e := json.NewEncoder(os.Stdout)
	return func(m message) {
		mu.Lock()
		defer mu.Unlock()
		_ = e.Encode(m)
	}
}()

// hear calls f for each line of the input until it ends.
func hear(f func(message)) {
	s := bufio.NewScanner(os.Stdin)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var m message
		if json.Unmarshal(s.Bytes(), &m) == nil {
			f(m)
		}
	}
}

func playRelay() {
	cfg := relay.Config{Addr: servers[0] + ":3478", Public: netip.MustParseAddr(servers[0]), Second: netip.MustParseAddr(servers[1]), Private: true, Valid: time.Hour, Stay: time.Hour, Limits: relay.Limits{Member: 10_000, Address: 10_000}}
	r, err := relay.Listen(cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer r.Close()
	if s, err := relay.Listen(relay.Config{Addr: "[" + six + "]:3478"}); err == nil { // the lab has IPv6
		defer s.Close()
	}
	user, pass := r.Mint("lab")
	tell(message{Kind: "ready", User: user, Pass: pass})
	hear(func(message) {})
}

// playDual is a relay as it stands by default: on every address, of IPv4 and of IPv6.
func playDual() {
	r, err := relay.Listen(relay.Config{Addr: ":" + dualPort, Public: netip.MustParseAddr(dual[0]), Private: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer r.Close()
	user, pass := r.Mint("dual")
	tell(message{Kind: "ready", User: user, Pass: pass})
	hear(func(message) {})
}

// playPlayer is one end of a link: of ours, or of pion as it comes.
func playPlayer(args []string) {
	offer, host, user, pass := args[1] == "offer", args[2], args[3], args[4]
	if _, _, err := net.SplitHostPort(host); err != nil {
		host += ":3478"
	}
	stun, turn := "stun:"+host, []string{"turn:" + host + "?transport=udp", "turn:" + host + "?transport=tcp"}
	if args[0] == "pion" {
		playPion(offer, stun, turn, user, pass)
		return
	}
	news := make(chan struct{}, 1)
	var birthday punch.Probe
	if args[0] == "birthday" {
		birthday = nat.PublicPorts
	}
	l, err := punch.New(punch.Options{Offer: offer, Timeout: 25 * time.Second, PortMap: args[0] == "mapped", Birthday: birthday,
		ICEServers: []punch.ICEServer{{URLs: []string{stun}}, {URLs: turn, Username: user, Credential: pass}},
		Notify: func() {
			select {
			case news <- struct{}{}:
			default:
			}
		}})
	if err != nil {
		tell(message{Kind: "failed", Reason: err.Error()})
		return
	}
	defer l.Close()
	ended := make(chan struct{})
	ask := make(chan struct{}, 16)
	go func() {
		defer close(ended)
		hear(func(m message) {
			switch m.Kind {
			case "signal":
				_ = l.Signal(m.Signal)
			case "report":
				ask <- struct{}{}
			}
		})
	}()
	tick := time.NewTicker(time.Second / 60)
	defer tick.Stop()
	var packet [punch.MaxPacket]byte
	open, heard, last, gap := false, 0, time.Time{}, time.Duration(0)
	for {
		for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
			tell(message{Kind: "signal", Signal: s})
		}
		for n, ok := l.Recv(packet[:]); ok && n > 0; n, ok = l.Recv(packet[:]) {
			now := time.Now()
			if heard++; !last.IsZero() {
				gap = max(gap, now.Sub(last))
			}
			last = now
		}
		r := l.Report()
		about := message{Path: r.Path.String(), Reason: r.Reason, Connect: r.Connect, Moves: r.Moves, Gap: gap, Heard: heard}
		switch {
		case r.State == punch.Closed:
			about.Kind = "failed"
			tell(about)
			return
		case r.State == punch.Open && !open && r.Path != punch.Unknown:
			open, about.Kind = true, "open"
			tell(about)
		}
		select {
		case <-news:
		case <-tick.C:
			if r.State == punch.Open {
				l.Send([]byte("a packet of a game"))
			}
		case <-ask:
			about.Kind = "report"
			tell(about)
			gap = 0
		case <-ended:
			return
		}
	}
}

// playPion is what a program gets that follows pion's examples.
func playPion(offer bool, stun string, turn []string, user, pass string) {
	start := time.Now()
	fail := func(err error) { tell(message{Kind: "failed", Reason: err.Error()}) }
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{ICEServers: []webrtc.ICEServer{{URLs: []string{stun}}, {URLs: turn, Username: user, Credential: pass}}})
	if err != nil {
		fail(err)
		return
	}
	defer pc.Close()
	say := func(v any) {
		b, _ := json.Marshal(v)
		tell(message{Kind: "signal", Signal: b})
	}
	opened := func() {
		pair, _ := pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
		path := "direct"
		if pair != nil && (pair.Local.Typ == webrtc.ICECandidateTypeRelay || pair.Remote.Typ == webrtc.ICECandidateTypeRelay) {
			path = "relay"
		}
		tell(message{Kind: "open", Path: path, Connect: time.Since(start)})
	}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			say(c.ToJSON())
		}
	})
	if offer {
		dc, err := pc.CreateDataChannel("game", nil)
		if err != nil {
			fail(err)
			return
		}
		dc.OnOpen(opened)
		d, err := pc.CreateOffer(nil)
		if err == nil {
			say(d)
			err = pc.SetLocalDescription(d)
		}
		if err != nil {
			fail(err)
			return
		}
	} else {
		pc.OnDataChannel(func(dc *webrtc.DataChannel) { dc.OnOpen(opened) })
	}
	var early []webrtc.ICECandidateInit
	hear(func(m message) {
		var d webrtc.SessionDescription
		if json.Unmarshal(m.Signal, &d) == nil && d.SDP != "" {
			if err := pc.SetRemoteDescription(d); err != nil {
				fail(err)
				return
			}
			if d.Type == webrtc.SDPTypeOffer {
				answer, err := pc.CreateAnswer(nil)
				if err == nil {
					say(answer)
					err = pc.SetLocalDescription(answer)
				}
				if err != nil {
					fail(err)
				}
			}
			for _, c := range early {
				_ = pc.AddICECandidate(c)
			}
			early = nil
			return
		}
		var c webrtc.ICECandidateInit
		if json.Unmarshal(m.Signal, &c) == nil && c.Candidate != "" {
			if pc.RemoteDescription() == nil {
				early = append(early, c)
			} else {
				_ = pc.AddICECandidate(c)
			}
		}
	})
}
