package punch

import (
	"slices"
	"time"
)

// How patient a link is.
const (
	firstRepeat  = 250 * time.Millisecond // what we said is said again, in case it was lost
	lastRepeat   = time.Second            // and then less often
	oneAttempt   = 6 * time.Second        // from an accepted answer to giving an attempt up
	leastAttempt = 100 * time.Millisecond // however often the other end offers
	gathering    = 400 * time.Millisecond // for candidates of a direct attempt, before it begins without some
)

// A negotiation is one end's part in coming to terms about a path: which attempt is
// the present one, what the other end has to know of it and what it does not know yet.
// It has no clock, lock or network. What happens goes in, and the time; what is to be
// done comes out, in order, by next. A Link does it, and says how it went.
//
// Signals can be lost, doubled and reordered. Each is of one attempt, whose number the
// offering end chooses: a higher one replaces a lower one. Descriptions and candidates
// are said again, less and less often, until there is a path. So once signals get
// through, both ends have the same attempt and the descriptions that belong together.
type negotiation struct {
	id        uint64 // of this Link
	first     uint64 // number of the first attempt, where this end offers
	offers    bool   // this end offers, and the other answers
	relayOnly bool   // no attempt without relays is answered

	open   bool    // there is a path
	live   uint64  // the attempt that it came of
	other  uint64  // the Link at the other end
	trying bool    // the attempt goes on
	failed bool    // its pipe has
	again  uint64  // we ask for another path than that of this attempt
	tries  int     // attempts so far
	early  signal  // what came of an attempt before its description
	met    meeting // what guessing ports has come to
	attempt
	candidates
	orders []order
}

// newNegotiation is that of a Link; first is the number of its first attempt, where it
// offers.
func newNegotiation(id, first uint64, o *Options) negotiation {
	return negotiation{
		id: id, first: first, offers: o.Offer, relayOnly: o.RelayOnly,
		attempt: attempt{repeat: repeat{interval: firstRepeat}},
	}
}

// attempt is the one that goes on, or the last.
type attempt struct {
	number uint64 // zero: there was none
	manner
	begun  time.Time
	agreed time.Time   // when both descriptions were known; zero: not yet
	from   uint64      // whose answer that is
	told   []candidate // theirs
	goAt   time.Time   // when an end that offers a direct one begins; zero: not yet known
	going  bool        // that is over
	sdp    string      // ours
	repeat
}

// manner is how an attempt goes about it.
type manner struct {
	direct bool   // without relays, since a relayed path is there
	round  uint64 // over the sockets that met in this round of guesses; zero: over new ones
}

// repeat is when all of ours is said again.
type repeat struct {
	due      time.Time
	interval time.Duration
	last     time.Time
	spoken   bool // once, at least
	lacking  bool // the other end shows that it lacks it
}

// meeting is of a socket of ours with one of theirs.
type meeting struct {
	round uint64
	at    candidate // theirs
}

// candidates of both ends.
type candidates struct {
	ours   []candidate // of the attempt
	fresh  []candidate // those that were not said yet
	theirs []candidate // of the attempt, or of all before there is a path
}

// order is one thing to do.
type order struct {
	kind orderKind
	manner
	attempt    uint64
	signal     *signal
	candidates []candidate
	first      bool // of toSay: the description was not said before
}

type orderKind uint8

const (
	toBegin  orderKind = iota // make a pipe for the attempt, instead of the one that is tried: answer the signal's offer, or offer where there is none. Then say offered, answered, damaged or unable
	toAccept                  // let the pipe have the signal's answer. Then say accepted, if it is one
	toTry                     // let it have candidates
	toNote                    // nothing: the other end has a new candidate
	toSay                     // the signal
	toDrop                    // the pipe that is tried
)

// next takes the next order, if there is one.
func (n *negotiation) next() (o order, ok bool) {
	if len(n.orders) == 0 {
		return o, false
	}
	o = n.orders[0]
	if n.orders = n.orders[1:]; len(n.orders) == 0 {
		n.orders = nil
	}
	return o, true
}

func (n *negotiation) order(o order) { n.orders = append(n.orders, o) }

// offer begins another attempt, on the end that offers.
func (n *negotiation) offer(m manner, now time.Time) {
	number := n.number + 1
	if n.number == 0 {
		number = n.first
	}
	n.early = signal{}
	n.begin(number, m, nil, now)
}

// ask asks for another path than the one that there is, on the end that answers.
func (n *negotiation) ask(now time.Time) {
	n.again = n.live
	n.due, n.interval = now, firstRepeat
}

// content takes that back.
func (n *negotiation) content() { n.again = 0 }

func (n *negotiation) begin(number uint64, m manner, offer *signal, now time.Time) {
	n.tries++
	n.trying, n.failed, n.again = true, false, 0
	n.ours, n.fresh = nil, nil
	if n.open {
		n.theirs = nil
	}
	n.attempt = attempt{number: number, manner: m, begun: now, repeat: repeat{interval: firstRepeat}}
	n.order(order{kind: toBegin, attempt: number, manner: m, signal: offer})
}

// offered takes our offer.
func (n *negotiation) offered(sdp string, now time.Time) { n.sdp, n.due = sdp, now }

// answered takes our answer to a signal's offer.
func (n *negotiation) answered(s *signal, sdp string, now time.Time) {
	n.sdp, n.due = sdp, now
	n.agree(s, now)
}

// accepted says that a signal's answer to our offer is one.
func (n *negotiation) accepted(s *signal, now time.Time) {
	n.from = s.From
	n.agree(s, now)
	for _, c := range s.Candidates {
		n.add(c)
	}
}

// agree notes that both descriptions are known.
func (n *negotiation) agree(s *signal, now time.Time) {
	n.agreed, n.other = now, s.From
	early := n.early.Candidates
	n.early.Candidates = nil
	for _, c := range early {
		n.add(c)
	}
	if n.round != 0 && n.round == n.met.round {
		n.add(n.met.at)
	}
}

// damaged says that an offer was none: the right one is said again.
func (n *negotiation) damaged() {
	n.drop()
	n.number, n.early = n.live, signal{}
}

// unable says that this machine can offer nothing now.
func (n *negotiation) unable() { n.drop() }

// drop ends the attempt.
func (n *negotiation) drop() {
	n.trying, n.fresh = false, nil
	n.order(order{kind: toDrop})
}

// opened says that an attempt has become the path.
func (n *negotiation) opened(number uint64) {
	n.open, n.live, n.again = true, number, 0
	if n.number == number {
		n.trying, n.failed, n.fresh = false, false, nil
	}
}

// broke says that the pipe of an attempt has failed.
func (n *negotiation) broke(number uint64) {
	n.failed = n.failed || n.trying && n.number == number
}

// found takes a candidate of ours, and reports whether it is a new one.
func (n *negotiation) found(number uint64, c candidate) bool {
	if number != n.number || len(n.ours) >= maxCandidates || len(c.Text) > maxCandidate || slices.Contains(n.ours, c) {
		return false
	}
	n.ours = append(n.ours, c)
	n.fresh = append(n.fresh, c)
	return true
}

// add takes a candidate of theirs.
func (n *negotiation) add(c candidate) {
	if c.Text == "" || slices.Contains(n.told, c) || len(n.told) >= maxCandidates {
		return
	}
	n.told = append(n.told, c)
	if len(n.theirs) < maxCandidates && !slices.Contains(n.theirs, c) {
		n.theirs = append(n.theirs, c)
		n.order(order{kind: toNote, candidates: []candidate{c}})
	}
	if n.checking() {
		n.order(order{kind: toTry, candidates: []candidate{c}})
	}
}

// checking reports whether the attempt has come so far that addresses are tried.
func (n *negotiation) checking() bool {
	return n.trying && !n.agreed.IsZero() && (n.going || !n.direct)
}

// expire gives up what has taken too long or has failed, and begins anew where this
// end is to offer. With a path it only gives up: the path may yet be good.
func (n *negotiation) expire(now time.Time) {
	failed := n.failed
	n.failed = false
	switch {
	case n.open && n.trying && (failed || now.Sub(n.begun) > oneAttempt):
		n.drop()
	case !n.open && n.offers && (!n.trying || failed || !n.agreed.IsZero() && now.Sub(n.agreed) > oneAttempt):
		n.offer(manner{}, now)
	}
}
