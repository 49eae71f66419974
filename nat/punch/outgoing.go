package punch

import (
	"slices"
	"time"
)

// speak says what is new, and from time to time everything. The path that there is
// takes trip there and back.
func (n *negotiation) speak(trip time.Duration, now time.Time) {
	n.start(trip, now)
	if n.open && !n.trying && n.again == 0 {
		return
	}
	if n.round != 0 { // The other end knows where that is.
		n.ours, n.fresh = nil, nil
	}
	s := &signal{From: n.id, Attempt: n.number, Round: n.round}
	first := false
	switch {
	case !now.Before(n.due) || n.lacking && now.Sub(n.last) >= firstRepeat:
		n.last, n.lacking = now, false
		n.due = now.Add(n.interval)
		n.interval = min(2*n.interval, lastRepeat)
		if n.open && !n.trying {
			s.Again = n.again
			break
		}
		if n.number == 0 && n.offers {
			return
		}
		s.SDP, s.Direct, s.Go, s.Candidates = n.sdp, n.direct, !n.goAt.IsZero(), n.ours
		first = s.SDP != "" && !n.spoken
		n.spoken = n.spoken || first
	case len(n.fresh) > 0 && n.number != 0:
		s.Candidates = n.fresh
	default:
		return
	}
	n.fresh = nil
	n.order(order{kind: toSay, signal: s, first: first})
}

// start lets both ends of a direct attempt begin at once, as DCUtR does (libp2p's
// relay specification), over the path that there is: a router to which the other
// end's packet comes before ours has gone out may take it for itself, and give our
// packet another port than the one that we have told.
func (n *negotiation) start(trip time.Duration, now time.Time) {
	if !n.offers || !n.trying || !n.direct || n.going || n.agreed.IsZero() {
		return
	}
	if n.goAt.IsZero() {
		reflexive := func(c candidate) bool { return c.kind() == "srflx" }
		ready := slices.ContainsFunc(n.told, reflexive) && slices.ContainsFunc(n.ours, reflexive)
		if !ready && now.Sub(n.agreed) < gathering {
			return
		}
		n.goAt, n.due = now.Add(trip/2), now
	}
	if !now.Before(n.goAt) {
		n.release()
	}
}

// release lets the stack have the candidates that were held back.
func (n *negotiation) release() {
	n.going = true
	if len(n.told) > 0 {
		n.order(order{kind: toTry, candidates: slices.Clone(n.told)})
	}
}

// waits is when a direct attempt is to begin, if that is to come.
func (n *negotiation) waits() (at time.Time, ok bool) {
	return n.goAt, !n.going && !n.goAt.IsZero()
}
