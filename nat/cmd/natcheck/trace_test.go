package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/nat/trace"
)

var rewrite = flag.Bool("rewrite", false, "accept how stories are told now")

// stories are traces of the real thing: the tests of netcode/rtc and nat/punch make
// them with -rewrite.
func stories(t testing.TB) (names []string) {
	t.Helper()
	names, err := filepath.Glob("testdata/*.trace")
	if err != nil || len(names) < 8 {
		t.Fatalf("%d stories: %v", len(names), err)
	}
	return names
}

// Each story is told as it was accepted: read testdata/*.txt as prose.
func TestStories(t *testing.T) {
	for _, name := range stories(t) {
		var out, errs bytes.Buffer
		if status := runTrace([]string{name}, nil, &out, &errs); status != capable || errs.Len() > 0 {
			t.Errorf("%s: status %d, %s", name, status, &errs)
		}
		golden := strings.TrimSuffix(name, ".trace") + ".txt"
		if *rewrite {
			if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if out.String() != string(want) {
			t.Errorf("%s is told so:\n%s\nwant (-rewrite accepts it as it is now)\n%s", name, &out, want)
		}
	}
}

// Of every cause that a link can end of, and of every kind of event, there are words.
func TestNothingIsWithoutWords(t *testing.T) {
	for c := punch.NoCause + 1; c <= punch.Unsupported; c++ {
		if advice[c.String()] == "" {
			t.Errorf("no advice on %v", c)
		}
		delete(advice, c.String())
	}
	for rest := range advice {
		t.Errorf("advice on %q, which is no cause", rest)
	}
	c := &trace.Candidate{Type: "host", Proto: "udp", Host: "public4#1", Port: 1}
	for _, k := range trace.Kinds {
		e := &trace.Event{Kind: k, Word: "word", Text: "text", Here: c}
		if s := sentence(e); s == "" || strings.Contains(s, "does not know") || strings.Contains(s, "%") {
			t.Errorf("%s is told as %q", k, s)
		}
	}
	if s := sentence(&trace.Event{Kind: "later", Word: "word"}); !strings.Contains(s, "later word") || !strings.Contains(s, "does not know") {
		t.Errorf("an unknown kind is told as %q", s)
	}
}

// A symmetric NAT shows where one socket is given two ports; two sockets prove nothing.
func TestSymmetricIsSeen(t *testing.T) {
	at := func(port, base, attempt int) shown {
		return shown{&trace.Candidate{Type: "srflx", Proto: "udp", Host: "public4#1", Port: port, Base: base}, attempt}
	}
	if !symmetric([]shown{at(1, 9, 1), at(2, 9, 1)}) {
		t.Error("two ports of one socket are not seen")
	}
	for _, cs := range [][]shown{{at(1, 9, 1), at(1, 9, 1)}, {at(1, 8, 1), at(2, 9, 1)}, {at(1, 9, 1), at(2, 9, 2)}, nil} {
		if symmetric(cs) {
			t.Errorf("%v is no proof", cs)
		}
	}
}

func TestTraceMisuse(t *testing.T) {
	for _, args := range [][]string{{}, {"a", "b"}, {"no/such/file"}, {"trace.go"}, {"-"}} {
		var out, errs bytes.Buffer
		if status := runTrace(args, strings.NewReader("\x1b[2Jhello"), &out, &errs); status != misused || out.Len() > 0 || !strings.HasPrefix(errs.String(), "natcheck: ") {
			t.Errorf("%q: status %d, %q, %q", args, status, &out, &errs)
		}
	}
	b, err := os.ReadFile(stories(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if status := runTrace([]string{"-"}, bytes.NewReader(b), &out, &errs); status != capable || out.Len() == 0 {
		t.Errorf("the standard input: status %d, %s", status, &errs)
	}
}

// Whatever a stranger sends, nothing but lines of text comes to the terminal.
func FuzzTell(f *testing.F) {
	for _, name := range stories(f) {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var out, errs bytes.Buffer
		runTrace([]string{"-"}, bytes.NewReader(b), &out, &errs)
		for _, s := range []string{out.String(), errs.String()} {
			if !utf8.ValidString(s) {
				t.Fatalf("%q is no text", s)
			}
			for _, r := range s {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Fatalf("%q holds what can't be shown", s)
				}
			}
		}
	})
}

// A link that was lost and is not made again is not called one.
func TestALostLinkIsNotCalledOne(t *testing.T) {
	lost := []trace.Event{
		{Kind: trace.Welcome, N: 1}, {Kind: trace.Link, Peer: 2, Try: 1, Word: "offers"}, {Kind: trace.Open, Peer: 2, Try: 1},
		{Kind: trace.Closed, Peer: 2, Try: 1, Word: "path lost", Text: "nothing is heard from the other side any more"},
		{Kind: trace.Link, Peer: 2, Try: 2, Word: "offers"}, {Kind: trace.Heard, Peer: 2, Try: 2, Word: "answer"}, {Kind: trace.ICE, Peer: 2, Try: 2, Word: "failed"},
	}
	closed := append(lost[:len(lost):len(lost)], trace.Event{Kind: trace.Closed, Peer: 2, Try: 2})
	again := append(lost[:len(lost):len(lost)], trace.Event{Kind: trace.Open, Peer: 2, Try: 2})
	for _, c := range []struct {
		events []trace.Event
		want   string
	}{
		{lost, "p2: was linked before; now not linked yet, while checking pairs of addresses."},
		{closed, "p2: was linked before; now not linked, given up by this end while checking pairs of addresses."},
		{again, "p2: linked."},
	} {
		if got := verdict(&trace.Trace{Events: c.events}); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}
