package netcode

import "testing"

// three is the membership of machine 0 in a view of three.
func three() *membership {
	m := &membership{all: 0b111, timeout: 60, others: []member{{machine: 1, agreed: true, heardUs: true}, {machine: 2, agreed: true, heardUs: true}}}
	m.newBallot(0)
	return m
}

// run lets ticks pass in which machines are heard or not, and returns the last decision.
func (m *membership) run(from, ticks int64, heard machines) (d decision) {
	held := [MaxPlayers]Frame{10, 10, 10}
	for tick := from; tick < from+ticks; tick++ {
		for i := range m.others {
			p := &m.others[i]
			if p.silence++; heard.has(p.machine) {
				p.silence = 0
			}
		}
		if d = (decision{}); !m.calm(tick) {
			d = m.deliberate(tick, 3000, &held, false)
		}
		if d.next != nil || d.split {
			return d
		}
	}
	return d
}

// While all are heard there is nothing to decide, and no ballot.
func TestMembershipIsCalm(t *testing.T) {
	m := three()
	if d := m.run(1, 200, 0b110); d != (decision{}) || m.voted() || m.hears != 0b110 {
		t.Errorf("%+v, hears %b, has voted: %v", d, m.hears, m.voted())
	}
}

// A machine that nobody hears is let go by the votes of the others; one that another
// hears is not.
func TestMembershipLetsGo(t *testing.T) {
	m := three()
	m.others[0].hears = setOf(0)
	if d := m.run(1, 80, 0b010); d.next != nil || d.split || !m.voted() || m.ballot.frozen != setOf(2) {
		t.Fatalf("%+v, frozen %b", d, m.ballot.frozen)
	}
	// Machine 1 promises, and then accepts what machine 0 proposes.
	vote := m.ballot.votes[0]
	held := [MaxPlayers]Frame{10, 10, 8}
	m.ballot.hear(1, &vote, &held)
	vote = m.ballot.votes[0]
	if vote.accepted == 0 {
		t.Fatalf("nothing is proposed: %+v", vote)
	}
	m.ballot.hear(1, &vote, &held)
	d := m.run(81, 1, 0b010)
	if d.next == nil || d.next.absent != setOf(2) {
		t.Fatalf("%+v", d)
	}
	absent, cuts := m.after(d.next)
	if out, ok := m.install(1, absent, &cuts, 82, 9, 40); !ok || out != setOf(2) || !m.others[1].gone || m.lastOut != 1 || m.view != 1 || m.ballot.members != 0b011 || !m.silent(&m.others[1]) {
		t.Errorf("%b is out: %v, %+v", out, ok, m)
	}

	m = three()
	m.others[0].hears = setOf(2)
	if d := m.run(1, 500, 0b010); d.next != nil || d.split || m.voted() {
		t.Errorf("a machine that another hears is let go: %+v", d)
	}
}

// A side that hears too few decides nothing.
func TestMembershipSplits(t *testing.T) {
	if d := three().run(1, 100, 0); !d.split || d.suspects != 0b110 {
		t.Errorf("%+v", d)
	}
}

// A view that takes back a confirmed frame, or lies beyond all that can be, is refused
// and changes nothing; who is out of it itself needs no more than it has.
func TestMembershipRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		absent machines
		cuts   [MaxPlayers]Frame
		ok     bool
	}{
		"as it is":          {setOf(2), [MaxPlayers]Frame{2: 20}, true},
		"takes back":        {setOf(2), [MaxPlayers]Frame{2: 19}, false},
		"is too far":        {setOf(2), [MaxPlayers]Frame{2: 41 + mostAhead}, false},
		"without ourselves": {setOf(0) | setOf(2), [MaxPlayers]Frame{0: 90, 2: 5}, true},
	} {
		m := three()
		out, ok := m.install(1, c.absent, &c.cuts, 1, 20, 40)
		if ok != c.ok || ok != (m.view == 1) || ok && out != c.absent || !ok && (m.absent != 0 || m.others[1].gone) {
			t.Errorf("a view that %s: %b, %v, view %d", name, out, ok, m.view)
		}
		if m.cuts[0] > 40 {
			t.Errorf("a view that %s: cut at %d", name, m.cuts[0])
		}
	}
}

// What a machine pledged by the lowest of the ballots that it promised is what it takes
// of a leaver: any of them may be decided.
func TestPledgesOnlyFall(t *testing.T) {
	for _, c := range []struct {
		first, second Frame // heads of machine 2 in two promises
		suspected     bool  // by the second, too
		takes         Frame
	}{
		{60, 60, true, 60},
		{60, 60, false, 60},
		{20, 60, true, -1},
		{20, 60, false, -1},
		{60, 25, true, -1},
	} {
		m := three()
		leaver := &m.others[1]
		leaver.leaving, leaver.last = true, 60
		if got := m.takes(leaver); got != never {
			t.Fatalf("before any promise it takes %d", got)
		}
		m.ballot.promise(9, setOf(2), &[MaxPlayers]Frame{2: c.first})
		second := machines(0)
		if c.suspected {
			second = setOf(2)
		}
		m.ballot.promise(17, second, &[MaxPlayers]Frame{2: c.second})
		if got := m.takes(leaver); got != c.takes {
			t.Errorf("pledged %d, then %d (suspected %v): it takes %d, may take %d", c.first, c.second, c.suspected, got, c.takes)
		}
	}
}
