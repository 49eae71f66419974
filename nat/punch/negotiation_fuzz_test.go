package punch

import (
	"bytes"
	"testing"
	"time"
)

// FuzzNegotiation lets both kinds of ends hear what a broken or hostile end might
// say, one signal a line: nothing panics, no signal gives more than a few orders, and
// what is kept and said stays within bounds.
func FuzzNegotiation(f *testing.F) {
	f.Add([]byte(`{"from":2,"attempt":0}
{"from":2,"attempt":10,"sdp":"answer","cand":[{"c":"x","m":"0"}]}
{"from":3,"attempt":10,"sdp":"answer"}
{"from":2,"attempt":1,"again":1}
{"from":2,"attempt":11,"direct":true,"go":true,"sdp":"offer","cand":[{"c":"y","m":"0"},{"c":"z","m":"0"}]}
{"from":2,"attempt":18446744073709551615,"round":7,"sdp":"offer"}
{"from":2,"attempt":18446744073709551615,"go":true,"sdp":"damaged"}`))
	f.Fuzz(func(t *testing.T, lines []byte) {
		for _, o := range []Options{{Offer: true}, {}, {RelayOnly: true}} {
			n, now := newNegotiation(1, 10, &o), start0
			for line := range bytes.Lines(lines) {
				s, err := decodeSignal(line)
				if err != nil {
					continue
				}
				now = now.Add(150 * time.Millisecond)
				n.hear(s, now)
				if orders := obeyAll(t, &n, now); orders > 2*maxCandidates+4 {
					t.Fatalf("a signal gives %d orders", orders)
				}
				n.expire(now)
				n.speak(0, now)
				obeyAll(t, &n, now)
				if n.trying && n.number%3 == 0 {
					n.opened(n.number)
				}
				if len(n.early.Candidates) > maxCandidates || len(n.told) > maxCandidates || len(n.theirs) > maxCandidates {
					t.Fatalf("%d, %d and %d candidates are kept", len(n.early.Candidates), len(n.told), len(n.theirs))
				}
			}
		}
	})
}

// obeyAll carries out what a negotiation orders, with pipes that refuse what is called
// damaged, and counts it.
func obeyAll(t *testing.T, n *negotiation, now time.Time) (orders int) {
	for o, ok := n.next(); ok; o, ok = n.next() {
		orders++
		switch damaged := o.signal != nil && o.signal.SDP == "damaged"; {
		case o.kind == toSay && len(o.signal.encode()) > maxSignal:
			t.Fatalf("a signal is %d bytes", len(o.signal.encode()))
		case o.kind == toBegin && o.signal == nil:
			n.offered("offer", now)
		case o.kind == toBegin && damaged:
			n.damaged()
		case o.kind == toBegin:
			n.answered(o.signal, "answer", now)
		case o.kind == toAccept && !damaged:
			n.accepted(o.signal, now)
		}
	}
	return orders
}
