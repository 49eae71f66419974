package punch

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// start0 is when stories begin.
var start0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// words are the orders that a negotiation gives, for a person to read.
func words(n *negotiation) string {
	var all []string
	for o, ok := n.next(); ok; o, ok = n.next() {
		all = append(all, o.String())
	}
	return strings.Join(all, "; ")
}

func (o order) String() string {
	names := func(cs []candidate) (s string) {
		for _, c := range cs {
			s += " " + c.Text
		}
		return s
	}
	switch how := fmt.Sprint(o.attempt); o.kind {
	case toBegin:
		if o.direct {
			how += " direct"
		}
		if o.round != 0 {
			how += fmt.Sprint(" round ", o.round)
		}
		if o.signal == nil {
			return "offer " + how
		}
		return fmt.Sprintf("answer %s to %s", how, o.signal.SDP)
	case toAccept:
		return "accept " + o.signal.SDP
	case toTry:
		return "try" + names(o.candidates)
	case toNote:
		return "note" + names(o.candidates)
	case toDrop:
		return "drop"
	}
	s, text := o.signal, fmt.Sprint("say ", o.signal.Attempt)
	if s.Again != 0 {
		text += fmt.Sprint(" again ", s.Again)
	}
	if s.Direct {
		text += " direct"
	}
	if s.Go {
		text += " go"
	}
	if s.Round != 0 {
		text += fmt.Sprint(" round ", s.Round)
	}
	if s.SDP != "" {
		text += " " + s.SDP
	}
	return text + names(s.Candidates)
}

// Each story is of one end: what happens to it, and what it orders then. Ours is Link
// 1, which numbers its attempts from 10; the other end is Link 2. Times are in
// milliseconds since the step before.
func TestNegotiationStories(t *testing.T) {
	type step struct {
		after int
		do    func(n *negotiation, now time.Time)
		want  string
	}
	named := func(names ...string) (cs []candidate) {
		for _, name := range names {
			cs = append(cs, candidate{Text: name})
		}
		return cs
	}
	wait := func(after int, want string) step {
		return step{after, func(n *negotiation, now time.Time) {
			if n.expire(now); len(n.orders) == 0 { // or they are carried out first
				n.speak(40*time.Millisecond, now)
			}
		}, want}
	}
	hear := func(s signal, want string) step {
		if s.From == 0 {
			s.From = 2
		}
		return step{0, func(n *negotiation, now time.Time) { n.hear(&s, now) }, want}
	}
	offered := func(want string) step {
		return step{0, func(n *negotiation, now time.Time) {
			n.offered(fmt.Sprint("offer", n.number), now)
			n.speak(0, now)
		}, want}
	}
	accepted := func(s signal, want string) step {
		s.From = 2
		return step{0, func(n *negotiation, now time.Time) { n.accepted(&s, now) }, want}
	}
	answered := func(want string) step {
		return step{0, func(n *negotiation, now time.Time) {
			n.answered(&signal{From: 2}, fmt.Sprint("answer", n.number), now)
			n.speak(0, now)
		}, want}
	}
	found := func(name, want string) step {
		return step{0, func(n *negotiation, now time.Time) {
			n.found(n.number, candidate{Text: name})
			n.speak(0, now)
		}, want}
	}
	opened := func(number uint64) step {
		return step{0, func(n *negotiation, _ time.Time) { n.opened(number) }, ""}
	}
	do := func(f func(n *negotiation, now time.Time), want string) step { return step{0, f, want} }
	broke := do(func(n *negotiation, _ time.Time) { n.broke(n.number) }, "")
	met := do(func(n *negotiation, _ time.Time) { n.met = meeting{77, candidate{Text: "there"}} }, "")
	offer := newNegotiation(1, 10, &Options{Offer: true})
	answer := newNegotiation(1, 0, &Options{})
	opensAsOffer := []step{
		wait(0, "offer 10"), offered("say 10 offer10"),
		hear(signal{Attempt: 10, SDP: "answer10"}, "accept answer10"), accepted(signal{}, ""), opened(10),
	}
	opensAsAnswer := []step{
		wait(0, "say 0"),
		wait(200, ""), hear(signal{Attempt: 10, SDP: "offer10"}, "answer 10 to offer10"), answered("say 10 answer10"), opened(10),
	}
	for name, story := range map[string]struct {
		n     negotiation
		steps []step
	}{
		"an offer, its answer, and candidates as they are found": {offer, []step{
			wait(0, "offer 10"),
			offered("say 10 offer10"),
			found("a", "say 10 a"),
			found("a", ""), // It is no new one.
			hear(signal{Attempt: 10, SDP: "answer10", Candidates: named("x")}, "accept answer10"),
			accepted(signal{Candidates: named("x")}, "note x; try x"),
			hear(signal{Attempt: 10, Candidates: named("x", "y")}, "note y; try y"),
			opened(10),
			wait(10_000, ""),
		}},
		"what may be lost is said again, less and less often": {offer, []step{
			wait(0, "offer 10"), offered("say 10 offer10"), found("a", "say 10 a"),
			wait(249, ""), wait(1, "say 10 offer10 a"),
			wait(499, ""), wait(1, "say 10 offer10 a"),
			wait(1000, "say 10 offer10 a"), wait(999, ""), wait(1, "say 10 offer10 a"),
		}},
		"and sooner where the other end shows that it lacks it": {offer, []step{
			wait(0, "offer 10"), offered("say 10 offer10"), wait(250, "say 10 offer10"),
			hear(signal{}, ""), wait(249, ""), wait(1, "say 10 offer10"), wait(250, ""),
		}},
		"an end that answers asks until there is an offer": {answer, []step{
			wait(0, "say 0"), wait(249, ""), wait(1, "say 0"), wait(500, "say 0"),
			hear(signal{Attempt: 10, SDP: "offer10"}, "answer 10 to offer10"),
			answered("say 10 answer10"),
			hear(signal{Attempt: 10, SDP: "offer10"}, ""), // It lacks our answer.
			wait(249, ""), wait(1, "say 10 answer10"),
		}},
		"candidates that come before their offer are kept": {answer, []step{
			wait(0, "say 0"),
			hear(signal{Attempt: 10, Candidates: named("x")}, ""),
			hear(signal{Attempt: 11, Candidates: named("y")}, ""), // x is of no use any more.
			hear(signal{Attempt: 10, SDP: "offer10"}, ""),
			hear(signal{Attempt: 11, SDP: "offer11", Candidates: named("z")}, "answer 11 to offer11"),
			answered("note y; try y; note z; try z; say 11 answer11"),
		}},
		"candidates that come before their answer are kept": {offer, []step{
			wait(0, "offer 10"), offered("say 10 offer10"),
			hear(signal{Attempt: 10, Candidates: named("x")}, ""),
			hear(signal{Attempt: 10, SDP: "answer10", Candidates: named("y")}, "accept answer10"),
			accepted(signal{Candidates: named("y")}, "note x; try x; note y; try y"),
		}},
		"those of one attempt are none of the next": {offer, []step{
			wait(0, "offer 10"), offered("say 10 offer10"),
			hear(signal{Attempt: 10, Candidates: named("x")}, ""),
			broke, wait(10, "offer 11"), offered("say 11 offer11"),
			hear(signal{Attempt: 10, SDP: "answer10"}, ""), // It comes late.
			hear(signal{Attempt: 11, SDP: "answer11"}, "accept answer11"),
			accepted(signal{}, ""),
		}},
		"a damaged answer is no answer": {offer, []step{
			wait(0, "offer 10"), offered("say 10 offer10"),
			hear(signal{Attempt: 10, SDP: "damaged"}, "accept damaged"), // Nobody says that it is accepted.
			hear(signal{Attempt: 10, SDP: "answer10"}, "accept answer10"), accepted(signal{}, ""),
			hear(signal{Attempt: 10, SDP: "answer10"}, ""),
		}},
		"a damaged offer is no offer": {answer, []step{
			wait(0, "say 0"),
			hear(signal{Attempt: 10, SDP: "damaged"}, "answer 10 to damaged"),
			do(func(n *negotiation, _ time.Time) { n.damaged() }, "drop"),
			wait(0, "say 0"),
			wait(100, ""), hear(signal{Attempt: 10, SDP: "offer10"}, "answer 10 to offer10"), answered("say 10 answer10"),
		}},
		"an attempt that comes to nothing is followed by another": {offer, []step{
			wait(0, "offer 10"), offered("say 10 offer10"),
			hear(signal{Attempt: 10, SDP: "answer10"}, "accept answer10"), accepted(signal{}, ""),
			wait(6000, "say 10 offer10"), wait(1, "offer 11"), offered("say 11 offer11"),
		}},
		"whoever answers anew gets a new offer, but not ten a second": {offer, []step{
			wait(0, "offer 10"), offered("say 10 offer10"),
			hear(signal{Attempt: 10, SDP: "answer10"}, "accept answer10"), accepted(signal{}, ""),
			hear(signal{From: 3}, ""), wait(100, ""),
			hear(signal{From: 3}, "offer 11"), offered("say 11 offer11"),
		}},
		"offers that come quickly are not all answered": {answer, []step{
			wait(0, "say 0"),
			hear(signal{Attempt: 10, SDP: "offer10"}, "answer 10 to offer10"), answered("say 10 answer10"),
			wait(99, ""), hear(signal{Attempt: 11, SDP: "offer11"}, ""),
			wait(1, ""), hear(signal{Attempt: 11, SDP: "offer11"}, "answer 11 to offer11"), answered("say 11 answer11"),
		}},
		"another path is made on request": {offer, append(opensAsOffer[:5:5],
			hear(signal{Again: 9}, ""), // of a path that is not there any more
			hear(signal{Again: 10}, "offer 11"), offered("say 11 offer11"),
			hear(signal{Again: 10}, ""), // It has been made.
			hear(signal{Attempt: 11, SDP: "answer11"}, "accept answer11"), accepted(signal{}, ""), opened(11),
			hear(signal{Again: 10}, ""),
		)},
		"an end that answers requests it": {answer, append(opensAsAnswer[:5:5],
			do(func(n *negotiation, now time.Time) { n.ask(now) }, ""), wait(0, "say 10 again 10"), wait(250, "say 10 again 10"),
			hear(signal{Attempt: 11, SDP: "offer11"}, "answer 11 to offer11"), answered("say 11 answer11"), opened(11), wait(5000, ""),
		)},
		"and need not, if all is well": {answer, append(opensAsAnswer[:5:5],
			do(func(n *negotiation, now time.Time) { n.ask(now) }, ""), wait(0, "say 10 again 10"),
			do(func(n *negotiation, now time.Time) { n.content() }, ""), wait(5000, ""),
		)},
		"with a path, another attempt is only given up": {offer, append(opensAsOffer[:5:5],
			do(func(n *negotiation, now time.Time) { n.offer(manner{}, now) }, "offer 11"), offered("say 11 offer11"),
			broke, wait(10, "drop"), wait(1000, ""),
			do(func(n *negotiation, now time.Time) { n.offer(manner{}, now) }, "offer 12"), offered("say 12 offer12"),
			wait(6000, "say 12 offer12"), wait(1, "drop"), wait(1000, ""),
		)},
		"both ends of a direct attempt begin at once: the one that offers": {offer, append(opensAsOffer[:5:5],
			do(func(n *negotiation, now time.Time) { n.offer(manner{direct: true}, now) }, "offer 11 direct"), offered("say 11 direct offer11"),
			found("a srflx typ srflx", "say 11 a srflx typ srflx"),
			hear(signal{Attempt: 11, SDP: "answer11"}, "accept answer11"), accepted(signal{}, ""),
			hear(signal{Attempt: 11, Candidates: named("x typ srflx")}, "note x typ srflx"),
			wait(1, "say 11 direct go offer11 a srflx typ srflx"), // The other end hears it in 20 ms.
			wait(19, ""), wait(1, "try x typ srflx"),
		)},
		"or it waits for servers' answers, for a while": {offer, append(opensAsOffer[:5:5],
			do(func(n *negotiation, now time.Time) { n.offer(manner{direct: true}, now) }, "offer 11 direct"), offered("say 11 direct offer11"),
			hear(signal{Attempt: 11, SDP: "answer11"}, "accept answer11"), accepted(signal{Candidates: named("x")}, "note x"),
			wait(250, "say 11 direct offer11"), wait(149, ""), wait(1, "say 11 direct go offer11"), wait(20, "try x"),
		)},
		"both ends of a direct attempt begin at once: the one that answers": {answer, append(opensAsAnswer[:5:5], wait(100, ""),
			hear(signal{Attempt: 11, Direct: true, SDP: "offer11", Candidates: named("x")}, "answer 11 direct to offer11"), answered("note x; say 11 direct answer11"),
			hear(signal{Attempt: 11, Direct: true, Go: true, SDP: "offer11", Candidates: named("x", "y")}, "try x; note y; try y"),
		)},
		"who shows relays alone answers no direct one": {newNegotiation(1, 0, &Options{RelayOnly: true}), append(opensAsAnswer[:5:5], wait(100, ""),
			hear(signal{Attempt: 11, Direct: true, SDP: "offer11"}, ""),
			hear(signal{Attempt: 12, SDP: "offer12"}, "answer 12 to offer12"),
		)},
		"sockets that have met, at the end that offers": {offer, append(opensAsOffer[:5:5], met,
			do(func(n *negotiation, now time.Time) { n.offer(manner{round: 77}, now) }, "offer 11 round 77"), offered("say 11 round 77 offer11"),
			found("a", ""), // The other end knows where that is.
			hear(signal{Attempt: 11, SDP: "answer11"}, "accept answer11"), accepted(signal{}, "note there; try there"),
		)},
		"sockets that have met, at the end that answers": {answer, append(opensAsAnswer[:5:5], wait(100, ""),
			hear(signal{Attempt: 11, Round: 77, SDP: "offer11"}, ""), met, // It has not met yet.
			hear(signal{Attempt: 11, Round: 77, SDP: "offer11"}, "answer 11 round 77 to offer11"), answered("note there; try there; say 11 round 77 answer11"),
		)},
	} {
		t.Run(name, func(t *testing.T) {
			n, now := story.n, start0
			for i, s := range story.steps {
				now = now.Add(time.Duration(s.after) * time.Millisecond)
				s.do(&n, now)
				if got := words(&n); got != s.want {
					t.Fatalf("step %d: %q, want %q", i+1, got, s.want)
				}
			}
		})
	}
}

// What the other end can make an end keep is bounded.
func TestCandidatesOfANegotiationAreBounded(t *testing.T) {
	n := newNegotiation(1, 0, &Options{})
	for i := range 10 * maxCandidates {
		n.hear(&signal{From: 2, Attempt: 10, Candidates: []candidate{{Text: fmt.Sprint("early", i)}}}, start0)
		n.found(0, candidate{Text: fmt.Sprint("ours", i)})
	}
	if k := len(n.early.Candidates); k != maxCandidates {
		t.Errorf("%d candidates are kept before the offer", k)
	}
	if k := len(n.ours); k != maxCandidates {
		t.Errorf("%d candidates of ours are said", k)
	}
	n.hear(&signal{From: 2, Attempt: 10, SDP: "offer10"}, start0)
	n.answered(&signal{From: 2}, "answer10", start0)
	for i := range 10 * maxCandidates {
		n.hear(&signal{From: 2, Attempt: 10, Candidates: []candidate{{Text: fmt.Sprint("late", i)}}}, start0)
	}
	if len(n.told) != maxCandidates || len(n.theirs) != maxCandidates {
		t.Errorf("%d and %d candidates of theirs are known", len(n.told), len(n.theirs))
	}
}
