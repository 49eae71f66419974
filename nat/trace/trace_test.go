package trace

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func host(s string) *Candidate { return &Candidate{Type: "host", Proto: "udp", Host: s, Port: 4711} }

// read is what a file of a log says.
func read(t testing.TB, l *Log, addresses bool) (*Trace, []byte) {
	t.Helper()
	b := l.Bytes(addresses)
	if len(b) > MaxSize {
		t.Fatalf("the file is %d bytes, must be at most %d", len(b), MaxSize)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return got, b
}

// Whoever makes things happen for ever pushes out nothing but its own, and not how it
// began.
func TestAPeerPushesOutOnlyItsOwn(t *testing.T) {
	l := NewLog()
	l.Add(Event{Kind: Join, Text: "wss://play.example.org"})
	l.Add(Event{Kind: Welcome, N: 1})
	for i := range 100 {
		l.Add(Event{Kind: ICE, Peer: 2, Try: 1, Word: "checking", N: i})
	}
	for i := range 20_000 {
		l.Add(Event{Kind: Attempt, Peer: 3, Word: "again", N: i})
	}
	l.Add(Event{Kind: Over, Word: "link"})
	got, _ := read(t, l, false)
	count, missing := map[int]int{}, 0
	for _, e := range got.Events {
		if e.Peer == 3 && count[3] < few && e.N != count[3] {
			t.Errorf("event %d of the first of p3 is number %d", count[3], e.N)
		}
		count[e.Peer]++
		missing += e.Missing
		if e.Missing > 0 && e.Peer != 3 {
			t.Errorf("%d events of p%d are missing", e.Missing, e.Peer)
		}
	}
	if count[0] != 3 || count[2] != 100 || count[3] < few {
		t.Errorf("the file holds %v events", count)
	}
	if want := 20_103; got.Header.Events != want || missing != want-len(got.Events) {
		t.Errorf("%d events, %d in the file, %d missing; want %d in all", got.Header.Events, len(got.Events), missing, want)
	}
	if last := got.Events[len(got.Events)-2]; last.Peer != 3 || last.N != 19_999 {
		t.Errorf("the newest of p3 is %+v", last)
	}
}

// Nor does a crowd push out what is told of the room.
func TestACrowdDoesNotPushOutTheRoom(t *testing.T) {
	l := NewLog()
	l.Add(Event{Kind: Join, Text: "first"})
	for i := range 20 {
		l.Add(Event{Kind: Down, N: i})
	}
	for i := range 5000 {
		l.Add(Event{Kind: Came, Peer: i + 1})
		l.Add(Event{Kind: Left, Peer: i + 1})
	}
	l.Add(Event{Kind: Over, Word: "link"})
	got, _ := read(t, l, false)
	n := 0
	for _, e := range got.Events {
		if e.Peer == 0 {
			n++
		}
	}
	if n != 22 || got.Events[0].Text != "first" || got.Events[len(got.Events)-1].Kind != Over {
		t.Errorf("%d events of the room, want 22; first %+v, last %+v", n, got.Events[0], got.Events[len(got.Events)-1])
	}
}

// The longest that anybody can put into every field does not make the file longer.
func TestTheFileIsBounded(t *testing.T) {
	for _, fill := range []string{"x", `"`, "\\", "ä", "9.9.9.9 ", ":: ", "<", "\x00"} {
		l := NewLog()
		long := strings.Repeat(fill, 1000)
		for i := range 700 {
			c := &Candidate{long, long, long, 65535, 65535}
			l.Add(Event{Kind: Path, Peer: i % 9, Try: 1 << 29, Word: long, Text: long, List: strings.SplitAfter(long, fill), Here: c, There: c,
				Phases: &Phases{1 << 29, 1 << 29, 1 << 29, 1 << 29, 1 << 29}, Signals: &Signals{1 << 29, 1 << 29, 1 << 29, 1 << 29, 1 << 29}})
		}
		for _, addresses := range []bool{true, false} {
			got, b := read(t, l, addresses)
			if len(b) < MaxSize/2 || got.Header.Events != 700 {
				t.Errorf("%q: %d bytes for %d events", fill, len(b), got.Header.Events)
			}
		}
	}
}

func TestAddressesAreMasked(t *testing.T) {
	l := NewLog()
	planted := []string{"203.0.113.5", "192.168.7.8", "100.64.1.2", "127.0.0.9", "169.254.3.4", "2001:db8::77", "fd12:3456::9", "fe80::abcd", "::1", "0a1b2c3d-1111-2222-3333-444455556666.local"}
	for _, a := range planted {
		l.Add(Event{Kind: Found, Peer: 1, Here: host(a)})
		for _, in := range []string{"can't reach %s: refused", "dial tcp 10.9.8.7:5->[%s]:443: timeout", "at(%s)", "x=%s,", "%s", "to %s.", "wss://[%s]:80/x", "udp:%s", "from-%s-"} {
			l.Add(Event{Kind: Down, Text: fmt.Sprintf(in, a)})
			l.Add(Event{Kind: Servers, List: []string{fmt.Sprintf(in, a)}})
		}
		if !strings.Contains(a, ":") && !strings.HasSuffix(a, ".local") {
			l.Add(Event{Kind: Down, Text: "ip" + a + " and " + a + "x"})
		}
		l.Add(Event{Kind: Down, Text: strings.Repeat("y ", (MaxText-len(a))/2+2) + a}) // cut in its middle
	}
	l.Add(Event{Kind: Found, Peer: 1, Here: host("::ffff:203.0.113.5"), There: host("203.0.113.6")})
	got, b := read(t, l, false)
	for _, a := range append(planted, "10.9.8.7", "203.0.113", "192.168", "2001:db8") {
		if a != "::1" && bytes.Contains(b, []byte(a)) { // which is in other words
			t.Errorf("%s is in the file", a)
		}
	}
	is := func(e Event) string { return e.Here.Host }
	var first []string
	for _, e := range got.Events {
		if e.Here != nil {
			first = append(first, is(e))
		}
	}
	want := "public4#1 private4#3 carrier4#4 loopback4#5 linklocal4#6 public6#7 private6#8 linklocal6#9 loopback6#10 mdns#11 public4#1"
	if s := strings.Join(first, " "); s != want {
		t.Errorf("masks are %s, want %s", s, want)
	}
	if last := got.Events[len(got.Events)-1]; !strings.HasPrefix(last.There.Host, "public4#") || last.There.Host == last.Here.Host || last.There.Port != 4711 {
		t.Errorf("another address and its port are %+v", last.There)
	}
	if !strings.Contains(string(b), "can't reach public4#1: refused") || !got.Masked {
		t.Errorf("a sentence lost its address:\n%s", b)
	}
	if _, open := read(t, l, true); !bytes.Contains(open, []byte("can't reach 203.0.113.5: refused")) {
		t.Errorf("who asks for addresses gets none:\n%s", open)
	}
	l.Add(Event{Kind: Open, Text: "12:30:45, std::vector, a.b, 1.5 s, v4.2.26, pong/1.2.3"})
	if _, b := read(t, l, false); !strings.Contains(string(b), "12:30:45, std::vector, a.b, 1.5 s, v4.2.26, pong/1.2.3") {
		t.Errorf("what is no address is masked: %s", b[len(b)-200:])
	}
}

func TestSecretsAreHidden(t *testing.T) {
	l := NewLog()
	l.Hide("ABC", "code")
	l.Hide("s3cr+t", "secret")
	l.Hide("", "nothing")
	l.Add(Event{Kind: Over, Text: "no room ABC at ws://h/toy/ABC?x, but ABCD and XABC; s3cr+t.", List: []string{"ABC"}})
	got, _ := read(t, l, true)
	if e := got.Events[0]; e.Text != "no room (code) at ws://h/toy/(code)?x, but ABCD and XABC; (secret)." || e.List[0] != "(code)" {
		t.Errorf("%+v", e)
	}
	for i := range 1000 {
		l.Hide(fmt.Sprint("token", i), "token")
	}
	l.Add(Event{Kind: Over, Text: "token999, ABC"}) // the code is hidden for good
	if got, _ := read(t, l, true); got.Events[1].Text != "(token), (code)" || len(l.secrets) > maxSecrets {
		t.Errorf("%+v with %d secrets", got.Events[1], len(l.secrets))
	}
}

// A code may be a part of an address, which is masked whole all the same.
func TestACodeSparesNoAddress(t *testing.T) {
	for code, address := range map[string]string{"203": "203.0.113.77", "1": "192.168.1.5", "fd12": "fd12::9"} {
		l := NewLog()
		l.Hide(code, "code")
		l.Add(Event{Kind: Down, Text: "room " + code + " at " + address})
		got, b := read(t, l, false)
		if s := got.Events[0].Text; !strings.HasPrefix(s, "room (code) at ") || !strings.HasSuffix(s, "#1") {
			t.Errorf("code %s and address %s: %s", code, address, b)
		}
	}
}

// Whoever comes and goes all the time has another number each time, and pushes out
// nothing of those who were there.
func TestComersPushOutNobody(t *testing.T) {
	l := NewLog()
	const honest = 43
	for i := range honest {
		l.Add(Event{Kind: Said, Peer: 7, N: i})
	}
	for i := range 2000 {
		for range 3 {
			l.Add(Event{Kind: Came, Peer: 100 + i})
		}
	}
	l.Add(Event{Kind: Closed, Peer: 7})
	got, _ := read(t, l, false)
	n := 0
	for _, e := range got.Events {
		if e.Peer == 7 {
			n++
		}
	}
	if n != honest+1 {
		t.Errorf("%d events of the one who was there are kept, want %d", n, honest+1)
	}
}

// A file that mail has been at is read as well; one that is not a trace, or could harm
// its reader, is not.
func TestDecode(t *testing.T) {
	l := NewLog()
	l.Add(Event{Kind: Join, Text: "wss://h"})
	b := l.Bytes(false)
	if _, err := Decode(append([]byte("\ufeff\r\n"), bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n\r\n"))...)); err != nil {
		t.Error(err)
	}
	head, _, _ := strings.Cut(string(b), "\n")
	for bad, want := range map[string]string{
		"":                               "empty",
		"junk":                           "line 1: this is not a trace",
		`{"a":1}`:                        "line 1: this is not a trace",
		`{"format":"punchback trace 2"}`: `the format is "punchback trace 2"`,
		head + "\n{}":                    "line 2: the kind",
		head + "\njunk":                  "line 2: this is not an event",
		head + "\n" + `{"what":"X!"}`:    "the kind",
		head + "\n" + `{"what":"over","text":"\u001b[31m"}`:                     "can't be shown",
		head + "\n" + `{"what":"over","is":"a\nb"}`:                             "can't be shown",
		head + "\n" + `{"what":"over","text":"\u202e"}`:                         "can't be shown",
		head + "\n" + "{\"what\":\"over\",\"text\":\"\xff\"}":                   "can't be shown",
		head + "\n" + `{"what":"join","list":["\u0007"]}`:                       "can't be shown",
		head + "\n" + `{"what":"found","here":{"at":"\u0000"}}`:                 "can't be shown",
		head + "\n" + `{"what":"found","here":{"port":70000}}`:                  "a port is 70000",
		head + "\n" + `{"what":"came","p":-1}`:                                  "a number is -1",
		head + "\n" + `{"what":"open","phases":{"dtls":-5}}`:                    "a number is -5",
		head + "\n" + `{"what":"a","ms":5}` + "\n" + `{"what":"b"}`:             "line 3: the time is 0 ms, and 5 ms",
		head + "\n" + `{"what":"a","text":"` + strings.Repeat("x", 2000) + `"}`: "a text is 2000 bytes",
		strings.Repeat(" ", 3*MaxSize):                                          "must be at most",
		strings.Replace(head, `"ms":0`, `"ms":-1`, 1):                           "a number makes no sense",
	} {
		if _, err := Decode([]byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100q: %v; want %q in it", bad, err, want)
		}
	}
	if _, err := Decode([]byte(head + "\n" + `{"what":"later-kind","new":{"x":[1]}}`)); err != nil {
		t.Errorf("a kind and a field of a later version: %v", err)
	}
}

func TestAnyGoroutineMayAdd(t *testing.T) {
	l := NewLog()
	var wg sync.WaitGroup
	for p := range 4 {
		wg.Go(func() {
			for range 1000 {
				l.Add(Event{Kind: ICE, Peer: p, Here: host("10.0.0.1")})
				if p == 0 {
					l.Hide("x", "y")
				}
			}
		})
		wg.Go(func() {
			for range 10 {
				if _, err := Decode(l.Bytes(p%2 == 0)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
