package punch

import (
	"slices"
	"time"
)

// hear takes one signal. It is safe to hear any of them again.
func (n *negotiation) hear(s *signal, now time.Time) {
	switch {
	case s.Again != 0:
		n.hearAsk(s, now)
	case n.offers:
		n.hearAnswer(s, now)
	default:
		n.hearOffer(s, now)
	}
}

// hearAsk hears that the other end wants another path than that of an attempt.
func (n *negotiation) hearAsk(s *signal, now time.Time) {
	if n.offers && n.open && s.Again == n.live && !n.trying {
		n.offer(manner{}, now)
	}
}

// hearOffer hears the end that offers: of a new attempt, or more of the present one.
func (n *negotiation) hearOffer(s *signal, now time.Time) {
	if s.Attempt > n.early.Attempt {
		n.early = signal{Attempt: s.Attempt}
	}
	switch {
	case s.Attempt > n.number && s.Attempt == n.early.Attempt:
		n.keep(s.Candidates)
		if n.takes(s, now) {
			n.begin(s.Attempt, manner{s.Direct, s.Round}, s, now)
		}
	case s.Attempt == n.number && s.Attempt != 0:
		n.lacking = n.lacking || s.SDP != "" // our answer
		if s.Go && n.trying && n.direct && !n.agreed.IsZero() && !n.going {
			n.release()
		}
		n.more(s.Candidates)
	}
}

// takes reports whether an offer is answered. One that is not is said again.
func (n *negotiation) takes(s *signal, now time.Time) bool {
	return s.SDP != "" && now.Sub(n.begun) >= leastAttempt &&
		!(s.Direct && n.relayOnly) &&
		(s.Round == 0 || s.Round == n.met.round)
}

// hearAnswer hears the end that answers, or asks for an offer by attempt zero.
func (n *negotiation) hearAnswer(s *signal, now time.Time) {
	if s.Attempt == 0 {
		n.lacking = true // our offer
	}
	switch {
	case !n.trying || s.Attempt != 0 && s.Attempt != n.number:
	case !n.agreed.IsZero() && s.From != n.from && now.Sub(n.begun) >= leastAttempt:
		n.offer(manner{}, now) // Whoever answered is not there any more.
	case s.Attempt == 0:
	case s.SDP != "" && n.agreed.IsZero():
		n.order(order{kind: toAccept, signal: s})
	default:
		n.more(s.Candidates)
	}
}

// more takes candidates of the present attempt.
func (n *negotiation) more(all []candidate) {
	switch {
	case !n.trying:
	case n.agreed.IsZero():
		n.keep(all)
	default:
		for _, c := range all {
			n.add(c)
		}
	}
}

// keep keeps candidates that came before the description that they belong to.
func (n *negotiation) keep(all []candidate) {
	for _, c := range all {
		if len(n.early.Candidates) < maxCandidates && !slices.Contains(n.early.Candidates, c) {
			n.early.Candidates = append(n.early.Candidates, c)
		}
	}
}
