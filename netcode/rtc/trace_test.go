package rtc_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

var rewrite = flag.Bool("rewrite", false, "write the traces of these tests to testdata of natcheck")

// traced reads a room's trace, which holds nothing that it must not.
func traced(t *testing.T, r *rtc.Room, secrets ...string) *trace.Trace {
	t.Helper()
	b := r.Trace()
	for _, s := range append(secrets, "127.0.0.1", "fingerprint", "ufrag", "candidate:") {
		if s != "" && bytes.Contains(b, []byte(s)) {
			t.Errorf("%q is in the trace:\n%s", s, b)
		}
	}
	tr, err := trace.Decode(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return tr
}

// keep makes a trace a story of natcheck.
func keep(t *testing.T, r *rtc.Room, name string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(filepath.Join("..", "..", "nat", "cmd", "natcheck", "testdata", name+".trace"), r.Trace(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// kinds are the events in order, those of others as "kind p".
func kinds(tr *trace.Trace, of ...trace.Kind) string {
	var s []string
	for _, e := range tr.Events {
		for _, k := range of {
			if e.Kind == k {
				word := string(k)
				if e.Peer != 0 {
					word += fmt.Sprint(" ", e.Peer)
				}
				s = append(s, strings.TrimSpace(word+" "+e.Word))
			}
		}
	}
	return strings.Join(s, ", ")
}

// A room that plays a match is told from its beginning to its end, and its trace
// is there when it is closed. Nothing of it is anybody's secret.
func TestTraceOfAMatch(t *testing.T) {
	url, _ := serveAs(t, "127.0.0.1:0", server.Config{Turn: "127.0.0.1:0"})
	const secret = "between-us-alone"
	var rooms []*rtc.Room
	for i := range 2 {
		r := join(t, url+"/toy/FIZZBUZZ", &rtc.Options{Build: "toy/1", Rate: rate, Name: fmt.Sprint("Rumpel", i), Secret: secret})
		rooms = append(rooms, r)
		await(t, "a welcome", func() bool { return r.Code() != "" })
	}
	if err := rooms[0].Say("nobody may read this"); err != nil {
		t.Fatal(err)
	}
	together(t, rooms, 60, nil)
	_ = rooms[1].Close()
	_ = rooms[0].Close()
	for i, r := range rooms {
		tr := traced(t, r, secret, "FIZZBUZZ", "Rumpel", "nobody may read")
		other := 2 - i
		got := kinds(tr, trace.Join, trace.Welcome, trace.Servers, trace.Came, trace.Link, trace.Open, trace.Match, trace.End, trace.Over)
		want := fmt.Sprintf("join, welcome, servers, came %[1]d, link %[1]d %[2]s, open %[1]d, match, end, over closed", other, []string{"answers", "offers"}[i])
		if strings.ReplaceAll(got, ", match, end, match", ", match, end") != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		if e := tr.Events[0]; e.Text != "ws://loopback4#1:"+url[strings.LastIndex(url, ":")+1:] || strings.Join(e.List, ", ") != "game toy, a room by its code, players 2, build toy/1, signals are sealed" {
			t.Errorf("joined %+v", e)
		}
		if strings.Contains(fmt.Sprint(tr.Events), "credential") {
			t.Errorf("%+v", tr.Events)
		}
		for _, e := range tr.Events {
			if e.Kind == trace.Servers && (len(e.List) != 3 || !strings.HasPrefix(e.List[0], "stun:") || !strings.HasPrefix(e.List[2], "turn:") || !strings.HasSuffix(e.List[2], "/tcp")) {
				t.Errorf("servers %q", e.List)
			}
		}
	}
	if open := rooms[0].TraceUnmasked(); !bytes.Contains(open, []byte("127.0.0.1")) || bytes.Contains(open, []byte(secret)) || bytes.Contains(open, []byte("FIZZBUZZ")) {
		t.Errorf("with addresses it is\n%s", open)
	}
}

// A server that is not there, and one that does not let in, are told with why.
func TestTraceOfRefusals(t *testing.T) {
	url, stop := serve(t)
	a := join(t, url+"/toy/FIZZBUZZ", &rtc.Options{Build: "toy/1"})
	await(t, "a welcome", func() bool { return a.Code() != "" })
	b := join(t, url+"/toy/FIZZBUZZ", &rtc.Options{Build: "toy/2"})
	_, _ = b.WaitMatch(context.Background())
	if got := kinds(traced(t, b, "FIZZBUZZ"), trace.Join, trace.Welcome, trace.Over); got != "join, over build" {
		t.Errorf("another build: %s", got)
	}
	keep(t, b, "build")
	stop()
	await(t, "the loss of the server", func() bool { return strings.Contains(a.Status().Text, "reach") })
	if got := kinds(traced(t, a, "FIZZBUZZ"), trace.Welcome, trace.Down); !strings.HasPrefix(got, "welcome, down") {
		t.Errorf("a server that stops: %s", got)
	}
	c := join(t, url+"/toy/FIZZBUZZ", &rtc.Options{Build: "toy/1"})
	await(t, "words", func() bool { return strings.Contains(c.Status().Text, "reach") })
	tr := traced(t, c, "FIZZBUZZ")
	if got := kinds(tr, trace.Join, trace.Welcome, trace.Down); got != "join, down" {
		t.Errorf("no server: %s", got)
	}
	keep(t, c, "server")
}

// Two who have no relay and show nothing else are told as such, with each try.
func TestTraceOfAPairThatFails(t *testing.T) {
	defer rtc.SetLinkTimeout(4 * time.Second)()
	url, _ := serve(t)
	var rooms []*rtc.Room
	for i := range 2 {
		r := join(t, url+"/toy/FIZZBUZZ", &rtc.Options{Build: "toy/1", Name: fmt.Sprint("Rumpel", i), RelayOnly: true})
		rooms = append(rooms, r)
		await(t, "a welcome", func() bool { return r.Code() != "" })
	}
	awaitText(t, rooms[1], "Rumpel0 can't be reached")
	tr := traced(t, rooms[1], "FIZZBUZZ", "Rumpel")
	want := "link 1 offers, closed 1 no candidates, link 1 offers, closed 1 no candidates, unreached 1"
	if got := kinds(tr, trace.Link, trace.Closed, trace.Unreached, trace.Over); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	for _, e := range tr.Events {
		if e.Kind == trace.Unreached && e.N != 2 || e.Kind == trace.Closed && e.Try == 0 {
			t.Errorf("%+v", e)
		}
	}
	keep(t, rooms[1], "no-candidates")
}

// Whoever comes without the secret is told to be so.
func TestTraceOfAnotherSecret(t *testing.T) {
	defer rtc.SetLinkTimeout(4 * time.Second)()
	url, _ := serve(t)
	a := join(t, url+"/toy/FIZZBUZZ", &rtc.Options{Build: "toy/1", Secret: "sesame-1"})
	await(t, "a welcome", func() bool { return a.Code() != "" })
	b := join(t, url+"/toy/FIZZBUZZ", &rtc.Options{Build: "toy/1", Secret: "sesame-2"})
	awaitText(t, b, "player 1 can't be reached")
	if got := kinds(traced(t, b, "FIZZBUZZ"), trace.Sealed); got != "sealed 1" {
		t.Errorf("sealed: %q", got)
	}
	keep(t, b, "secret")
}

// Trace may be called at any time from anywhere, while the room lives and after.
func TestTraceFromAnyGoroutine(t *testing.T) {
	url, _ := serve(t)
	rooms := gather(t, url+"/toy", 2)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if _, err := trace.Decode(rooms[0].Trace()); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	together(t, rooms, 30, nil)
	_ = rooms[0].Close()
	close(stop)
	wg.Wait()
}
