package trace

import (
	"testing"
	"unicode"
)

// Whatever a file holds, what is read of it can be shown in a terminal, and a file
// of ours stays what it was.
func FuzzDecode(f *testing.F) {
	l := NewLog()
	l.Add(Event{Kind: Join, Text: "wss://play.example.org", List: []string{"game toy"}})
	l.Add(Event{Kind: Found, Peer: 2, Try: 1, Here: host("203.0.113.5"), There: host("fe80::1")})
	l.Add(Event{Kind: Open, Peer: 2, Phases: &Phases{1, 2, 3, 4, 5}, Signals: &Signals{1, 2, 3, 4, 5}})
	l.Add(Event{Kind: Closed, Peer: 2, Word: "path lost", Text: "nothing is heard", Missing: 3})
	f.Add(l.Bytes(true))
	f.Add(l.Bytes(false))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Decode(b)
		if err != nil {
			for _, r := range err.Error() {
				if !unicode.IsPrint(r) {
					t.Fatalf("the error %q can't be shown", err)
				}
			}
			return
		}
		for _, e := range got.Events {
			texts := append([]string{got.Platform, string(e.Kind), e.Word, e.Text}, e.List...)
			for _, c := range []*Candidate{e.Here, e.There} {
				if c != nil {
					texts = append(texts, c.Type, c.Proto, c.Host)
				}
			}
			for _, s := range texts {
				for _, r := range s {
					if !unicode.IsPrint(r) {
						t.Fatalf("%q can't be shown", s)
					}
				}
			}
		}
		again, err := Decode(encode(got.Header, got.Events))
		if err != nil && len(b) < MaxSize {
			t.Fatalf("what was read can't be read again: %v", err)
		}
		if err == nil && len(again.Events) != len(got.Events) {
			t.Fatalf("%d events, %d when read again", len(got.Events), len(again.Events))
		}
	})
}
