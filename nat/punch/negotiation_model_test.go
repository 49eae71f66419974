package punch

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var seed = flag.Uint64("seed", 0, "of TestNegotiationsAgree, play only this one")

// TestNegotiationsAgree lets two ends negotiate by signals that are lost, doubled,
// reordered and damaged, while pipes fail and whole Links are replaced by new ones,
// by a seed. Whatever happened: once signals get through both ends have the same
// attempt, whose descriptions belong together, and every candidate of the other
// end's. Then there is a path, and all of it goes on for another one beside it.
func TestNegotiationsAgree(t *testing.T) {
	seeds := uint64(1500)
	if testing.Short() {
		seeds = 200
	}
	var sum model
	for s := uint64(1); s <= seeds; s++ {
		if *seed != 0 {
			s = *seed
		}
		m := newModel(s)
		if m.play(); m.err != nil {
			t.Fatalf("%v\ngo test ./nat/punch -run TestNegotiationsAgree -seed %d", m.err, s)
		}
		if *seed != 0 {
			return
		}
		for i, n := range m.counts() {
			*sum.counts()[i] += *n
		}
	}
	t.Logf("%d signals lost, %d doubled, %d overtaken, %d damaged; %d pipes failed, %d Links replaced, %d attempts", sum.lost, sum.doubled, sum.overtaken, sum.damaged, sum.failed, sum.replaced, sum.attempts)
	for _, n := range sum.counts() {
		if *n < int(seeds)/4 {
			t.Error("too few to say anything")
		}
	}
}

const modelTick = 10 * time.Millisecond

// model is two ends and the signals on their way.
type model struct {
	*rand.Rand
	now     time.Time
	ends    [2]*modelEnd // the first offers
	posts   []post
	trouble bool
	kind    int // of wish: 0 to 2
	links   uint64
	err     error

	lost, doubled, overtaken, damaged, failed, replaced, attempts int
}

func (m *model) counts() []*int {
	return []*int{&m.lost, &m.doubled, &m.overtaken, &m.damaged, &m.failed, &m.replaced, &m.attempts}
}

// modelEnd is one end. Its pipe is what it knows of an attempt.
type modelEnd struct {
	negotiation
	pipe    *modelPipe
	current *modelPipe
	highest uint64 // attempt that was begun
	newest  int    // signal that was heard
}

type modelPipe struct {
	attempt uint64
	ours    string   // description
	mate    string   // the description that it has taken
	finds   []string // candidates that it will find
	found   []string
	tried   []string // of the other end
	failed  bool
}

// post is a signal on its way.
type post struct {
	to, number int
	at         time.Time
	signal     signal
}

func newModel(seed uint64) *model {
	m := &model{Rand: rand.New(rand.NewPCG(seed, 3)), now: start0}
	for i := range m.ends {
		m.replace(i)
	}
	return m
}

// replace puts a new Link in the place of an end's.
func (m *model) replace(i int) {
	m.links++
	m.ends[i] = &modelEnd{negotiation: newNegotiation(m.links, uint64(m.now.UnixNano()), &Options{Offer: i == 0})}
}

func (m *model) play() {
	m.trouble = true
	m.run(m.IntN(800), nil)
	m.trouble = false
	if !m.run(2000, m.agree) {
		m.fail("the ends do not agree")
	}
	for _, m.kind = range m.Perm(3) {
		for _, e := range m.ends {
			e.current = e.pipe
			e.opened(e.pipe.attempt)
		}
		last := m.ends[0].current.attempt
		m.trouble = true
		m.run(m.IntN(400), nil)
		m.trouble = false
		again := func() bool {
			if m.now.Sub(start0)%time.Second == 0 { // as upkeep does where nothing is heard
				m.wish()
			}
			return m.agree() && m.ends[0].pipe.attempt > last
		}
		if !m.run(4000, again) {
			m.fail("the ends agree on no other path")
			return
		}
	}
}

// agree reports whether both ends know all of the same attempt.
func (m *model) agree() bool {
	a, b := m.ends[0], m.ends[1]
	if !a.trying || !b.trying || a.number != b.number {
		return false
	}
	p, q := a.pipe, b.pipe
	return p.mate == q.ours && q.mate == p.ours && len(p.finds)+len(q.finds) == 0 && len(p.tried) == len(q.found) && len(q.tried) == len(p.found)
}

// wish lets an end want another path: the one that answers, or the one that offers.
func (m *model) wish() {
	switch offers, answers := m.ends[0], m.ends[1]; {
	case m.kind == 0 && !answers.trying:
		answers.ask(m.now)
	case m.kind > 0 && !offers.trying:
		offers.offer(manner{direct: m.kind == 2}, m.now)
		m.obey(0)
	}
}

// run lets ticks pass until ok, and reports whether it came to that.
func (m *model) run(ticks int, ok func() bool) bool {
	for range ticks {
		if m.err != nil {
			return true
		}
		if ok != nil && ok() {
			return true
		}
		m.tick()
	}
	return ok != nil && ok()
}

func (m *model) tick() {
	m.now = m.now.Add(modelTick)
	if m.trouble && m.IntN(100) == 0 {
		m.harm()
	}
	for i, e := range m.ends {
		e.expire(m.now)
		m.obey(i)
		m.deliver(i)
		if p := e.pipe; e.trying && len(p.finds) > 0 && m.IntN(3) == 0 {
			e.found(p.attempt, candidate{Text: p.finds[0]})
			p.found, p.finds = append(p.found, p.finds[0]), p.finds[1:]
		}
		e.speak(30*time.Millisecond, m.now)
		m.obey(i)
	}
}

func (m *model) harm() {
	i := m.IntN(2)
	switch e := m.ends[i]; {
	case e.open:
		m.wish()
	case m.IntN(2) == 0:
		m.replaced++
		m.replace(i)
	}
	if e := m.ends[i]; e.trying && m.IntN(2) == 0 {
		m.failed++
		e.pipe.failed = true
		e.broke(e.pipe.attempt)
	}
}

// deliver lets an end hear what has arrived for it.
func (m *model) deliver(i int) {
	e := m.ends[i]
	for k := 0; k < len(m.posts); k++ {
		p := m.posts[k]
		if p.to != i || p.at.After(m.now) {
			continue
		}
		m.posts = slices.Delete(m.posts, k, k+1)
		k--
		if p.number < e.newest {
			m.overtaken++
		}
		e.newest = max(e.newest, p.number)
		if e.open && p.signal.From != e.other { // Link.Signal drops it.
			continue
		}
		e.hear(&p.signal, m.now)
		m.obey(i)
	}
}

// send sends a signal to the other end.
func (m *model) send(from int, s *signal) {
	copies := 1
	if m.trouble {
		switch m.IntN(5) {
		case 0:
			m.lost++
			copies = 0
		case 1:
			m.doubled++
			copies = 2
		}
	}
	for range copies {
		late := 1
		if m.trouble {
			late += m.IntN(30)
		}
		p := post{1 - from, int(m.now.Sub(start0) / modelTick), m.now.Add(time.Duration(late) * modelTick), *s}
		if m.trouble && s.SDP != "" && m.IntN(10) == 0 {
			m.damaged++
			p.signal.SDP = "damaged"
		}
		m.posts = append(m.posts, p)
	}
}

// obey carries out what an end orders, and looks whether it may.
func (m *model) obey(i int) {
	e := m.ends[i]
	for o, ok := e.next(); ok; o, ok = e.next() {
		switch o.kind {
		case toBegin:
			m.begin(i, o)
		case toAccept:
			m.accept(e, o)
		case toTry:
			for _, c := range o.candidates {
				m.try(i, c.Text)
			}
		case toDrop:
			e.pipe = nil
		case toSay:
			if len(o.signal.encode()) > maxSignal || len(o.signal.Candidates) > maxCandidates {
				m.fail("a signal is too long")
			}
			m.send(i, o.signal)
		}
	}
}

func (m *model) begin(i int, o order) {
	e := m.ends[i]
	if o.attempt <= e.highest {
		m.fail(fmt.Sprintf("end %d begins attempt %d after %d", i, o.attempt, e.highest))
	}
	m.attempts++
	p := &modelPipe{attempt: o.attempt, ours: fmt.Sprintf("offer %d of %d", o.attempt, e.id)}
	if o.signal != nil {
		p.mate = o.signal.SDP
		p.ours = fmt.Sprintf("answer of %d to %s", e.id, p.mate)
	}
	for k := range m.IntN(4) {
		p.finds = append(p.finds, fmt.Sprintf("%d's %d of %d", i, k, o.attempt))
	}
	switch e.pipe = p; {
	case o.signal == nil:
		e.highest = o.attempt
		e.offered(p.ours, m.now)
	case p.mate == "damaged":
		e.damaged()
	default:
		e.highest = o.attempt
		e.answered(o.signal, p.ours, m.now)
	}
}

func (m *model) accept(e *modelEnd, o order) {
	if o.signal.SDP == "damaged" {
		return
	}
	if e.pipe.mate != "" || !strings.HasSuffix(o.signal.SDP, " to "+e.pipe.ours) {
		m.fail(fmt.Sprintf("%q is no answer to %q, which has %q", o.signal.SDP, e.pipe.ours, e.pipe.mate))
	}
	e.pipe.mate = o.signal.SDP
	e.accepted(o.signal, m.now)
}

func (m *model) try(i int, name string) {
	p := m.ends[i].pipe
	var of, k int
	var attempt uint64
	if _, err := fmt.Sscanf(name, "%d's %d of %d", &of, &k, &attempt); err != nil || of == i || attempt != p.attempt || p.mate == "" || slices.Contains(p.tried, name) {
		m.fail(fmt.Sprintf("end %d tries candidate %q in attempt %d, with %v", i, name, p.attempt, p.tried))
	}
	p.tried = append(p.tried, name)
}

func (m *model) fail(what string) {
	for i, e := range m.ends {
		what += fmt.Sprintf("\n  end %d, Link %d: attempt %d, trying %t, open %t by %d, asks %d", i, e.id, e.number, e.trying, e.open, e.live, e.again)
		if e.pipe != nil {
			what += fmt.Sprintf("\n    %+v", *e.pipe)
		}
	}
	if m.err == nil {
		m.err = fmt.Errorf("%s", what)
	}
}
