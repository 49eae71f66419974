package netcode

import (
	"encoding/binary"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// The model is three machines with nothing but their ballots, what they hold of
// one another's inputs, and what they have said of that. Machine 2 has been heard
// unevenly. Everything that can happen next, happens: a machine sends what it is
// now, the network delivers it late or never, somebody dies, somebody suspects
// somebody (rightly or not), somebody leaves. All orders are tried, up to a few
// deaths and ballots, and in each state reached no two machines have confirmed
// different histories. From each, with fair delivery, whoever is left and is a
// quorum gets on. (Whoever is left may be none of the next view, if that was
// decided without a machine that lives and a machine in it died since.)

const (
	modelSize = 3
	modelEnd  = 2 // frames that each machine has inputs for
)

// said is what a machine sends: all that it knows.
type said struct {
	full     bool
	view     uint8
	absent   machines
	cuts     [modelSize]int8
	heads    [modelSize]int8
	complete int8
	leaves   bool
	voted    bool
	votes    [modelSize]vote
}

type modelMachine struct {
	dead      bool
	leaves    bool
	view      uint8
	absent    machines
	cuts      [modelSize]int8
	heads     [modelSize]int8
	reported  [modelSize]int8
	ballot    ballot
	confirmed int8
	early     bool               // it confirms what only it has
	history   [modelEnd]machines // who is absent in each confirmed frame
}

type model struct {
	m       [modelSize]modelMachine
	late    said // one packet that is on its way for long
	from    int8
	to      int8
	lates   int8
	deaths  int8
	ballots int8
	leaves  int8
}

// rules are what a run of the model may do, and a mistake that it makes.
type rules struct {
	deaths, ballots, leaves, lates int8
	meek                           machines // begin no ballots
	early                          bool     // machines confirm what only they have
	scratch                        model
}

func newModel(held [modelSize]int8, r *rules) *model {
	w := &model{}
	for i := range w.m {
		m := &w.m[i]
		m.early = r.early
		for k := range m.heads {
			m.heads[k] = modelEnd
		}
		m.heads[2] = held[i]
		m.ballot = ballot{self: i, members: 1<<modelSize - 1}
	}
	return w
}

// complete is up to where a machine holds everything, see Session.countComplete.
func (m *modelMachine) complete() int8 {
	c := int8(modelEnd)
	for k, h := range m.heads {
		if !m.absent.has(k) || h < m.cuts[k] {
			c = min(c, h)
		}
	}
	return c
}

func (m *modelMachine) say() said {
	s := said{full: true, view: m.view, absent: m.absent, cuts: m.cuts, heads: m.heads, complete: m.complete(), leaves: m.leaves}
	copy(s.votes[:], m.ballot.votes[:])
	s.voted = s.votes[m.ballot.self].promised != 0
	for k := range s.heads {
		if m.absent.has(k) {
			s.heads[k] = min(s.heads[k], s.cuts[k])
		}
	}
	return s
}

func (m *modelMachine) holdings() (heads [MaxPlayers]Frame) {
	for k, h := range m.heads {
		heads[k] = Frame(h)
		if m.absent.has(k) {
			heads[k] = min(heads[k], Frame(m.cuts[k]))
		}
	}
	return heads
}

// hear is what Session does with packets and statuses.
func (m *modelMachine) hear(from int, s *said) error {
	if s.view > m.view {
		if err := m.install(s.view, s.absent, s.cuts); err != nil {
			return err
		}
	}
	b := &m.ballot
	if !m.absent.has(from) && !b.frozen.has(from) {
		for k, h := range s.heads {
			if k == b.self || m.absent.has(k) && h > m.cuts[k] {
				continue
			}
			m.heads[k] = max(m.heads[k], h)
		}
	}
	if s.view == m.view {
		m.reported[from] = max(m.reported[from], s.complete)
		if s.leaves && !s.voted {
			b.resigned |= setOf(from)
		}
		heads := m.holdings()
		for k := range s.votes {
			b.hear(k, &s.votes[k], &heads)
		}
	}
	return m.settle()
}

// settle begins the view that is decided and confirms what can be.
func (m *modelMachine) settle() error {
	b := &m.ballot
	if m.leaves && b.votes[b.self].promised == 0 {
		b.resigned |= setOf(b.self)
	}
	if v := b.decided(); v != nil {
		cuts := m.cuts
		for k := range cuts {
			if (m.absent | v.absent).has(k) {
				cuts[k] = int8(v.cuts[k])
			}
		}
		if err := m.install(m.view+1, m.absent|v.absent, cuts); err != nil {
			return err
		}
	}
	to := m.complete()
	for k := range m.reported {
		if k != b.self && !m.absent.has(k) && !m.early {
			to = min(to, m.reported[k])
		}
	}
	for !m.absent.has(b.self) && m.confirmed < to {
		m.confirmed++
		gone := machines(0)
		for k := range m.cuts {
			if m.absent.has(k) && m.confirmed > m.cuts[k] {
				gone |= setOf(k)
			}
		}
		m.history[m.confirmed-1] = gone
	}
	return nil
}

func (m *modelMachine) install(view uint8, absent machines, cuts [modelSize]int8) error {
	for k, c := range cuts {
		if absent.has(k) && c < m.confirmed && !absent.has(m.ballot.self) && (!m.absent.has(k) || c < m.cuts[k]) {
			return fmt.Errorf("machine %d has confirmed frame %d, view %d cuts machine %d at %d", m.ballot.self, m.confirmed, view, k, c)
		}
	}
	m.view, m.absent, m.cuts = view, absent, cuts
	m.reported = [modelSize]int8{}
	m.ballot = ballot{self: m.ballot.self, members: (1<<modelSize - 1) &^ absent, gone: absent}
	return nil
}

// check looks for two confirmed histories.
func (w *model) check() error {
	for i := range w.m {
		for k := range i {
			a, b := &w.m[i], &w.m[k]
			for f := range min(a.confirmed, b.confirmed) {
				if a.history[f] != b.history[f] {
					return fmt.Errorf("frame %d: machine %d confirmed it without %03b, machine %d without %03b", f+1, i, a.history[f], k, b.history[f])
				}
			}
		}
	}
	return nil
}

// move is one thing that can happen.
type move struct {
	what string // with up to two numbers
	a, b int
}

func (m move) String() string {
	text := strings.Replace(m.what, "#", strconv.Itoa(m.a), 1)
	return strings.Replace(text, "#", strconv.Itoa(m.b), 1)
}

// next calls try with each state that can follow, and says how it came about.
// The state is good until try returns.
func (w *model) next(r *rules, try func(next *model, how move, err error)) {
	n := &r.scratch
	if w.late.full && !w.m[w.to].dead {
		*n = *w
		n.late = said{}
		err := n.m[w.to].hear(int(w.from), &w.late)
		try(n, move{"# hears at last what # told", int(w.to), int(w.from)}, err)
	}
	for i := range w.m {
		if w.m[i].dead {
			continue
		}
		said := w.m[i].say()
		for k := range w.m {
			if i == k || w.m[k].dead {
				continue
			}
			*n = *w
			err := n.m[k].hear(i, &said)
			try(n, move{"# tells #", i, k}, err)
			if w.lates < r.lates && !w.late.full {
				*n = *w
				n.lates++
				n.late, n.from, n.to = said, int8(i), int8(k)
				try(n, move{"# tells #, which is on its way for long", i, k}, nil)
			}
		}
		if w.deaths < r.deaths {
			*n = *w
			n.deaths++
			n.m[i].dead = true
			try(n, move{"# dies", i, 0}, nil)
		}
		if m := &w.m[i]; w.leaves < r.leaves && !m.leaves {
			*n = *w
			n.leaves++
			n.m[i].leaves = true
			err := n.m[i].settle()
			try(n, move{"# leaves", i, 0}, err)
		}
		if b := &w.m[i].ballot; w.ballots < r.ballots && !r.meek.has(i) && !b.resigned.has(i) && b.members.has(i) {
			for s := range machines(1 << modelSize) {
				if s&^b.members == 0 && !s.has(i) && b.quorum(b.members&^s) {
					*n = *w
					n.ballots++
					err := n.m[i].begin(s)
					try(n, move{"# begins a ballot that suspects " + s.names(), i, 0}, err)
				}
			}
		}
	}
}

func (m machines) names() string {
	return [1 << modelSize]string{"nobody", "0", "1", "0 and 1", "2", "0 and 2", "1 and 2", "all"}[m]
}

func (m *modelMachine) begin(suspects machines) error {
	heads := m.holdings()
	m.ballot.begin(suspects, &heads)
	return m.settle()
}

// heal lets everybody who is left hear everybody, and hold ballots as Session
// does. If they are a quorum of the newest view, they must get to the end.
func (w model) heal() error {
	newest, left := 0, machines(0)
	for i := range w.m {
		if w.m[i].dead {
			continue
		}
		left |= setOf(i)
		if w.m[newest].dead || w.m[i].view > w.m[newest].view {
			newest = i
		}
	}
	if left == 0 {
		return nil
	}
	members := w.m[newest].ballot.members
	for i := range w.m { // who leaves counts for nothing any more
		if m := &w.m[i]; members.has(i) && (m.dead || m.leaves || m.view < w.m[newest].view && !left.has(i)) {
			left &^= setOf(i)
		}
	}
	able := w.m[newest].ballot
	if able.resigned = 0; !able.quorum(left&members) || left&^members != 0 {
		return nil
	}
	wrongly := false // suspected: then the next view may be one without a living machine
	for i := range w.m {
		for _, v := range w.m[i].ballot.votes {
			wrongly = wrongly || left.has(i) && w.m[i].view == w.m[newest].view && (v.suspects|v.value.absent)&left != 0
		}
	}
	for round := 0; round < 30 && !w.arrived(left); round++ {
		for i := range w.m {
			for k := range w.m {
				if s := w.m[i].say(); i != k && !w.m[i].dead && !w.m[k].dead {
					if err := w.m[k].hear(i, &s); err != nil {
						return err
					}
				}
			}
		}
		for i := range w.m { // the first who may holds a ballot, if there is somebody to suspect
			m, b := &w.m[i], &w.m[i].ballot
			if round%4 != 0 || !left.has(i) || !b.members.has(i) {
				continue
			}
			suspects := machines(0)
			for k := range w.m {
				if b.members.has(k) && (w.m[k].dead || b.resigned.has(k)) {
					suspects |= setOf(k)
				}
			}
			if (suspects != 0 || b.votes[i].promised != 0) && !suspects.has(i) && b.quorum(b.members&^suspects) {
				if err := m.begin(suspects); err != nil {
					return err
				}
				break
			}
		}
	}
	if w.arrived(left) {
		return nil
	}
	for i := range w.m {
		if m := &w.m[i]; left.has(i) && m.view > w.m[newest].view {
			newest = i
		}
	}
	if wrongly && !w.m[newest].ballot.quorum(left) {
		return nil
	}
	return fmt.Errorf("nobody of %03b gets on", left)
}

// arrived reports whether somebody with a quorum has got to the end.
func (w *model) arrived(left machines) bool {
	for i := range w.m {
		if m := &w.m[i]; left.has(i) && !m.absent.has(i) && m.confirmed == modelEnd {
			return true
		}
	}
	return false
}

// explore tries everything, up to a number of states, and returns how it came
// to the first state that must not be.
func explore(w *model, r *rules, most int) (states int, whole bool, broken error) {
	type node struct {
		parent int
		how    move
	}
	seen := map[[2]uint64]bool{}
	queue, story := []*model{w}, []node{{-1, move{}}}
	var spare []*model
	var key []byte
	known := func(w *model) bool {
		key = w.append(key[:0])
		h := [2]uint64{xxhash.Sum64(key)}
		key = append(key, 0x5a)
		h[1] = xxhash.Sum64(key)
		if seen[h] {
			return true
		}
		seen[h] = true
		return false
	}
	known(w)
	told := func(at int, how move, err error) error {
		text := ""
		for ; at > 0; at = story[at].parent {
			text = story[at].how.String() + "\n" + text
		}
		return fmt.Errorf("%s%v\n%w", text, how, err)
	}
	for at := 0; at < len(queue) && broken == nil; at++ {
		if len(queue) >= most {
			return len(queue), false, nil
		}
		now := queue[at]
		queue[at] = nil
		if !r.early && (planted() == "" || planted() == "neverAccept") {
			if err := now.heal(); err != nil {
				return len(queue), false, told(at, move{what: "all hear all"}, err)
			}
		}
		now.next(r, func(n *model, how move, err error) {
			if broken != nil || err == nil && known(n) {
				return
			}
			if err == nil {
				err = n.check()
			}
			if err != nil {
				broken = told(at, how, err)
				return
			}
			next := new(model)
			if k := len(spare); k > 0 {
				next, spare = spare[k-1], spare[:k-1]
			}
			*next = *n
			queue, story = append(queue, next), append(story, node{at, how})
		})
		spare = append(spare, now)
	}
	return len(queue), true, broken
}

// append writes a state, in which everything counts.
func (w *model) append(b []byte) []byte {
	votes := func(v []vote) {
		for i := range v[:modelSize] {
			b = binary.LittleEndian.AppendUint16(b, uint16(v[i].promised))
			b = binary.LittleEndian.AppendUint16(b, uint16(v[i].accepted))
			b = append(b, byte(v[i].suspects), byte(v[i].value.absent))
			for k := range modelSize {
				b = append(b, byte(v[i].heads[k]), byte(v[i].value.cuts[k]))
			}
		}
	}
	flag := func(f bool) {
		if f {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	frames := func(f [modelSize]int8) {
		for _, x := range f {
			b = append(b, byte(x))
		}
	}
	for i := range w.m {
		m := &w.m[i]
		flag(m.dead)
		flag(m.leaves)
		b = append(b, m.view, byte(m.absent), byte(m.ballot.resigned), byte(m.ballot.frozen), byte(m.confirmed))
		frames(m.cuts)
		frames(m.heads)
		frames(m.reported)
		for _, h := range m.history {
			b = append(b, byte(h))
		}
		votes(m.ballot.votes[:])
	}
	if s := &w.late; s.full {
		flag(s.leaves)
		flag(s.voted)
		b = append(b, byte(w.from), byte(w.to), s.view, byte(s.absent), byte(s.complete))
		frames(s.cuts)
		frames(s.heads)
		votes(s.votes[:])
	}
	return append(b, byte(w.deaths), byte(w.ballots), byte(w.leaves), byte(w.lates))
}

// worlds are the runs of the model: what may happen, and how many frames of
// machine 2 the two others have heard. Each is tried whole.
var worlds = []struct {
	rules
	held [2]int8
	long bool // takes minutes
}{
	{rules{deaths: 1, ballots: 1}, [2]int8{0, 1}, false},
	{rules{leaves: 1, ballots: 1}, [2]int8{1, 0}, false},
	{rules{ballots: 2}, [2]int8{0, 2}, false},
	{rules{ballots: 2}, [2]int8{0, 1}, true},
	{rules{ballots: 1, lates: 1}, [2]int8{1, 0}, true},
	{rules{leaves: 1, deaths: 1, ballots: 1}, [2]int8{0, 1}, true},
	{rules{leaves: 2, ballots: 1}, [2]int8{0, 1}, true},
	{rules{deaths: 1, ballots: 1, lates: 1}, [2]int8{0, 1}, true},
	{rules{deaths: 1, ballots: 2, meek: setOf(2)}, [2]int8{0, 1}, true},
}

func TestBallotModel(t *testing.T) {
	for _, w := range worlds {
		if w.long && !*Long {
			continue
		}
		n, whole, err := explore(newModel([modelSize]int8{w.held[0], w.held[1], modelEnd}, &w.rules), &w.rules, 10_000_000)
		what := fmt.Sprintf("%d deaths, %d leave, %d ballots, none by %s, %d packets late, %v frames heard", w.deaths, w.leaves, w.ballots, w.meek.names(), w.lates, w.held)
		t.Logf("%s: %d states", what, n)
		if err != nil || !whole {
			t.Errorf("%s: all tried: %v\n%v", what, whole, err)
		}
	}
}

// The model sees the mistakes that are planted in the ballot, see TestFaultsAreSeen,
// and one of its own.
func TestBallotModelSeesFaults(t *testing.T) {
	r := rules{ballots: 2, meek: setOf(1) | setOf(2), early: planted() == ""}
	n, _, err := explore(newModel([modelSize]int8{0, 1, modelEnd}, &r), &r, 1_000_000)
	switch {
	case r.early && err == nil:
		t.Errorf("confirm what only this machine has: not seen in %d states", n)
	case !r.early && err != nil:
		t.Errorf("%s: seen after %d states:\n%v", planted(), n, err)
	}
}

// planted is the fault that this build of the engine was told to have; none in all
// builds but that of TestFaultsAreSeen.
func planted() string {
	if f := flag.Lookup("planted"); f != nil {
		return f.Value.String()
	}
	return ""
}
