//go:build !js

package punch

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"

	"github.com/punchback/punchback/nat/trace"
)

var rewrite = flag.Bool("rewrite", false, "write the traces of these tests to testdata of nat/cmd/natcheck")

// traced has both ends of a link keep logs, as rooms do: of the end that answers and
// of the other.
func traced(n *internet, o Options) (logs [2]*trace.Log) {
	for i := range logs {
		logs[i] = trace.NewLog()
		logs[i].Add(trace.Event{Kind: trace.Welcome, N: 2 - i})
		logs[i].Add(trace.Event{Kind: trace.Came, Peer: 1 + i})
		logs[i].Add(trace.Event{Kind: trace.Link, Peer: 1 + i, Try: 1, Word: [2]string{"offers", "answers"}[i]})
	}
	n.options = o
	for i := range n.links {
		peer := 1 + i // the younger, p2, offers
		n.options.Trace = func(e trace.Event) {
			e.Peer, e.Try = peer, 1
			logs[i].Add(e)
		}
		n.start(i)
	}
	return logs
}

// stun makes the server answer at another port, too.
func (n *internet) stun(port int) {
	n.t.Helper()
	conn, err := n.server.ListenPacket("udp4", fmt.Sprintf("%s:%d", serverIP, port))
	if err != nil {
		n.t.Fatal(err)
	}
	s, err := turn.NewServer(turn.ServerConfig{Realm: "test", LoggerFactory: silent{}, PacketConnConfigs: []turn.PacketConnConfig{{
		PacketConn: conn, RelayAddressGenerator: &turn.RelayAddressGeneratorNone{Address: serverIP, Net: n.server},
	}}})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = s.Close() })
}

// happened is a file, read; it also tells what no file may hold.
func happened(t *testing.T, l *trace.Log) *trace.Trace {
	t.Helper()
	b := l.Bytes(false)
	for _, secret := range []string{"198.51.100", "10.1.0.2", "10.2.0.2", "secret", "guess", "ufrag", "fingerprint", "candidate:"} {
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%q is in the file:\n%s", secret, b)
		}
	}
	got, err := trace.Decode(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return got
}

// keep makes a file a story of natcheck.
func keep(t *testing.T, l *trace.Log, name string) {
	t.Helper()
	if *rewrite && name != "" {
		if err := os.WriteFile(filepath.Join("..", "cmd", "natcheck", "testdata", name+".trace"), l.Bytes(false), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func all(tr *trace.Trace, k trace.Kind) (found []trace.Event) {
	for _, e := range tr.Events {
		if e.Kind == k {
			found = append(found, e)
		}
	}
	return found
}

// What happens to a link that opens, relayed at first and then direct, is told by
// both ends, and adds up.
func TestTraceOfALink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		n.wall.Store(true)
		logs := traced(n, Options{ICEServers: servers()})
		for n.links[0].State() == Connecting || n.links[1].State() == Connecting {
			n.signal()
			<-n.news
		}
		n.talk()
		n.wall.Store(false)
		for n.links[0].Report().Path != Direct || n.links[1].Report().Path != Direct {
			n.talk()
			n.signal()
		}
		time.Sleep(3 * time.Second)
		n.cut.Store(true)
		_ = n.links[0].Close()
		for n.links[1].State() == Open {
			<-n.news
		}
		keep(t, logs[0], "moved")
		for i, l := range logs {
			tr := happened(t, l)
			offer := i == 0
			if s := all(tr, trace.Said); len(s) < 2 || s[0].Word != map[bool]string{true: "offer", false: "answer"}[offer] {
				t.Errorf("end %d said %+v", i, s)
			}
			if h := all(tr, trace.Heard); len(h) < 2 || h[0].Word != map[bool]string{false: "offer", true: "answer"}[offer] {
				t.Errorf("end %d heard %+v", i, h)
			}
			found := map[string]int{}
			for _, e := range all(tr, trace.Found) {
				if e.Here != nil {
					found["here "+e.Here.Type]++
				} else {
					found["there "+e.There.Type]++
				}
			}
			for _, want := range []string{"here host", "here srflx", "here relay", "there host", "there srflx", "there relay"} {
				if found[want] == 0 {
					t.Errorf("end %d: %s is not among %v", i, want, found)
				}
			}
			open := all(tr, trace.Open)
			r := n.links[i].Report()
			if len(open) != 1 || int64(open[0].N) != r.Connect.Milliseconds() || open[0].Phases == nil || open[0].Phases.Check == 0 || open[0].Signals.Said == 0 || open[0].Signals.Heard == 0 {
				t.Errorf("end %d: open %+v, the report says %v", i, open, r.Connect)
			}
			var paths []string
			for _, e := range all(tr, trace.Path) {
				if paths = append(paths, e.Word); (e.Text != "") != (e.Word == "relay") {
					t.Errorf("end %d: %s since %q", i, e.Word, e.Text)
				}
			}
			if paths = slices.Compact(paths); strings.Join(paths, " ") != "relay direct" {
				t.Errorf("end %d: paths %v", i, paths)
			}
			if len(all(tr, trace.Moved)) != r.Moves || r.Moves == 0 {
				t.Errorf("end %d: %d moves, the report says %d", i, len(all(tr, trace.Moved)), r.Moves)
			}
			closed := all(tr, trace.Closed)
			if want := map[bool]string{true: "", false: "path lost"}[offer]; len(closed) != 1 || closed[0].Word != want {
				t.Errorf("end %d: closed %+v, want %q", i, closed, want)
			}
		}
	})
}

// Each failure is told with its cause, and without an address or a credential.
func TestTraceOfFailures(t *testing.T) {
	wrong := servers()
	wrong[1].Credential = "guess"
	two := append(servers()[:1:1], ICEServer{URLs: []string{"stun:" + serverIP + ":3479"}})
	for _, c := range []struct {
		name  string // of the story, if it is one
		kinds [2]string
		o     Options
		setup func(n *internet)
		cause Cause
		check func(t *testing.T, end int, tr *trace.Trace)
	}{
		{"no-answer", [2]string{"port", "port"}, Options{ICEServers: servers()}, func(n *internet) { n.carry = func(int, []byte) {} }, NoAnswer, func(t *testing.T, end int, tr *trace.Trace) {
			if h := all(tr, trace.Heard); len(h) > 0 {
				t.Errorf("end %d heard %+v", end, h)
			}
		}},
		{"relay-refused", [2]string{"port", "port"}, Options{ICEServers: wrong, RelayOnly: true}, nil, RelayRefused, func(t *testing.T, end int, tr *trace.Trace) {
			if d := all(tr, trace.Denied); len(d) == 0 || d[0].N != 401 && d[0].N != 400 {
				t.Errorf("end %d: denied %+v", end, d)
			}
		}},
		{"symmetric", [2]string{"symm", "symm"}, Options{ICEServers: two}, nil, ChecksFailed, func(t *testing.T, end int, tr *trace.Trace) {
			var ports []int
			for _, e := range all(tr, trace.Found) {
				if e.Here != nil && e.Here.Type == "srflx" && e.Here.Base != 0 {
					ports = append(ports, e.Here.Port)
				}
			}
			if slices.Sort(ports); len(slices.Compact(ports)) < 2 {
				t.Errorf("end %d: ports that two servers were shown are %v, want two", end, ports)
			}
		}},
		{"", [2]string{"port", "port"}, Options{ICEServers: servers()[:1]}, func(n *internet) { n.dtls.Store(true) }, DTLSFailed, func(t *testing.T, end int, tr *trace.Trace) {
			if s := all(tr, trace.ICE); !slices.ContainsFunc(s, func(e trace.Event) bool { return e.Word == "connected" }) {
				t.Errorf("end %d: checks %+v", end, s)
			}
		}},
	} {
		t.Run(c.cause.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				n := newInternet(t, c.kinds)
				defer n.close()
				if len(c.o.ICEServers) > 1 && c.o.ICEServers[1].Credential == "" {
					n.stun(3479)
				}
				if c.setup != nil {
					c.setup(n)
				}
				logs := traced(n, c.o)
				for n.links[0].State() == Connecting || n.links[1].State() == Connecting {
					n.signal()
					<-n.news
				}
				for i, l := range logs {
					tr := happened(t, l)
					closed := all(tr, trace.Closed)
					if len(closed) != 1 || closed[0].Word != c.cause.String() || closed[0].Text == "" || closed[0].Signals == nil {
						t.Errorf("end %d: closed %+v, want %v", i, closed, c.cause)
					}
					if strings.Contains(closed[0].Text, "ours:") {
						t.Errorf("end %d: %q tells the candidates once more", i, closed[0].Text)
					}
					c.check(t, i, tr)
				}
				keep(t, logs[0], c.name)
			})
		})
	}
}

// The other end may say any text for a candidate: what is none is not told.
func TestTracedCandidates(t *testing.T) {
	for text, want := range map[string]string{
		"candidate:1 1 udp 5 203.0.113.5 4711 typ srflx raddr 10.0.0.1 rport 99 ufrag abcd": "{srflx udp 203.0.113.5 4711 99}",
		"candidate:1 1 UDP 5 ::ffff:203.0.113.5 1 typ host":                                 "{host udp 203.0.113.5 1 0}",
		"candidate:1 1 udp 5 fe80::1%eth0 1 typ host":                                       "{host udp fe80::1 1 0}",
		"candidate:1 1 tcp 5 203.0.113.5 9 typ relay raddr 10.0.0.1 rport 99":               "{relay tcp 203.0.113.5 9 0}",
		"candidate:1 1 udp 5 x 70000 typ host":                                              "",
		"candidate:1 1 udp 5 x 7 typ my-name-is":                                            "",
		"candidate:1 1 smoke 5 x 7 typ host":                                                "",
		"hello, how are you":                                                                "",
		"":                                                                                  "",
	} {
		got := ""
		if c := (candidate{Text: text}).traced(); c != nil {
			got = fmt.Sprint(*c)
		}
		if got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
}

// Packets cost nothing that is noted.
func TestPacketsAreNotTraced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		logs := traced(n, Options{ICEServers: servers()})
		for n.links[0].State() == Connecting || n.links[1].State() == Connecting {
			n.signal()
			<-n.news
		}
		n.talk()
		time.Sleep(2 * time.Second)
		before := happened(t, logs[0]).Header.Events
		for range 1000 {
			n.talk()
		}
		if after := happened(t, logs[0]).Header.Events; after != before {
			t.Errorf("%d events before a thousand packets, %d after", before, after)
		}
	})
}

// A hostile end that offers for ever pushes out neither how it began nor what
// happened to others.
func TestTraceOfAFlood(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newInternet(t, [2]string{"port", "port"})
		defer n.close()
		n.options = Options{ICEServers: servers()}
		log := trace.NewLog()
		for range 30 {
			log.Add(trace.Event{Kind: trace.ICE, Peer: 9, Word: "checking"})
		}
		n.options.Trace = func(e trace.Event) { e.Peer = 1; log.Add(e) }
		n.options.Timeout = time.Hour
		n.start(1)
		n.options.Trace = nil
		n.start(0)
		sdp := ""
		for sdp == "" {
			<-n.news
			for b, ok := n.links[0].NextSignal(); ok; b, ok = n.links[0].NextSignal() {
				if s, err := decodeSignal(b); err == nil {
					sdp = s.SDP
				}
			}
		}
		for i := range uint64(400) {
			s := signal{From: 7, Attempt: 1<<62 + i, SDP: sdp}
			_ = n.links[1].Signal(s.encode())
			time.Sleep(leastAttempt)
			for _, ok := n.links[1].NextSignal(); ok; _, ok = n.links[1].NextSignal() {
			}
		}
		tr := happened(t, log)
		others := 0
		for _, e := range tr.Events {
			if e.Peer == 9 {
				others++
			}
		}
		if tr.Header.Events < 1000 || others != 30 || all(tr, trace.Attempt)[0].N != 1 {
			t.Errorf("%d events, %d of the other, the first attempt is %+v", tr.Header.Events, others, all(tr, trace.Attempt)[0])
		}
	})
}
