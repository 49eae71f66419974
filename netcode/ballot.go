package netcode

import "math/bits"

// A ballot decides the next view: which machines are not in it, and after which of
// their frames. It is single-decree Paxos (Lamport, "Paxos made simple", 2001) among
// the machines of the present view, with one twist: a prepare names the machines that
// it suspects, and all others must promise. A machine that has promised takes no input
// from the suspected ones until the next view, whatever becomes of the ballot, except
// what it pledged to take. So nobody in the next view can exceed the highest frame that
// any of them named, and no frame beyond it was confirmed anywhere.
//
// There are no questions and answers: each machine shows its vote again and again,
// others pass it on, and a machine that sees enough votes knows the result.

// machines is a set of machines, counted in order of their lowest seats.
type machines uint8

func setOf(machine int) machines        { return 1 << machine }
func (m machines) has(machine int) bool { return m>>machine&1 != 0 }
func (m machines) count() int           { return bits.OnesCount8(uint8(m)) }
func (m machines) lowest() machines     { return m & -m }

// ballotID orders ballots: by their round, then by whoever proposes. 0 is none.
type ballotID uint16

const maxRound = 1<<13 - 1

func (id ballotID) round() int    { return int(id >> 3) }
func (id ballotID) proposer() int { return int(id & 7) }

// outcome is what a ballot is about.
type outcome struct {
	absent machines          // in this view, but not in the next
	cuts   [MaxPlayers]Frame // their last frames, by machine, and those of whoever has gone before
}

// vote is all that a machine has said in the ballots of one view. It only ever
// grows, so it may be shown late, twice, out of order, or by others.
type vote struct {
	promised ballotID
	suspects machines          // of that ballot
	heads    [MaxPlayers]Frame // up to where it held their inputs when it promised, and those of whoever has gone before
	accepted ballotID
	value    outcome // accepted with it
}

// ballot is the state of one machine in the choice of the next view.
type ballot struct {
	self     int
	members  machines          // of the present view
	gone     machines          // before it
	resigned machines          // have left, without a vote in this view, and will not vote in it
	frozen   machines          // were suspected by a ballot that this machine promised, or are out
	pledged  [MaxPlayers]Frame // of those: no ballot was promised a lower head
	voters   machines          // those whose votes are known
	votes    [MaxPlayers]vote  // as far as they are known, by machine
}

// quorum reports whether these machines can decide for the view: more than half
// of it, or exactly half with its lowest seat. Machines that have resigned don't count.
// Two quorums share a machine even if they know of different resignations, since a
// machine that has resigned is in none.
func (b *ballot) quorum(voters machines) bool {
	base := b.members &^ b.resigned
	n, k := base.count(), (voters & base).count()
	return 2*k > n || 2*k == n && voters&base.lowest() != 0
}

// begin proposes a ballot that is above all that are known.
func (b *ballot) begin(suspects machines, heads *[MaxPlayers]Frame) {
	round := 0
	for i := range b.votes {
		round = max(round, b.votes[i].promised.round())
	}
	if round == maxRound {
		return // Nobody got there honestly.
	}
	b.promise(ballotID(round+1)<<3|ballotID(b.self), suspects, heads)
	b.advance()
}

func (b *ballot) promise(id ballotID, suspects machines, heads *[MaxPlayers]Frame) {
	own := &b.votes[b.self]
	own.promised, own.suspects, own.heads = id, suspects, *heads
	b.voters |= setOf(b.self)
	for m := range own.heads {
		if set := suspects | b.gone; set.has(m) && (!b.frozen.has(m) || b.pledged[m] > own.heads[m]) {
			b.pledged[m] = own.heads[m]
		}
	}
	b.frozen |= suspects | b.gone
}

// hear takes in the vote of another member and answers it, if it asks for that.
// heads is what this machine holds now.
func (b *ballot) hear(from int, v *vote, heads *[MaxPlayers]Frame) {
	known, own := &b.votes[from], &b.votes[b.self]
	if from == b.self || !b.members.has(from) || v.promised < known.promised || v.promised == known.promised && v.accepted <= known.accepted {
		return
	}
	*known = *v
	b.voters |= setOf(from)
	if v.promised > own.promised && b.members.has(b.self) && !(v.suspects | b.resigned).has(b.self) {
		b.promise(v.promised, v.suspects, heads)
	}
	b.advance()
}

// advance does what the votes allow: propose, or accept what was proposed.
func (b *ballot) advance() {
	own := &b.votes[b.self]
	if own.promised == own.accepted {
		return
	}
	if own.promised.proposer() == b.self {
		b.propose()
		return
	}
	for i := range b.votes {
		if b.votes[i].accepted == own.promised {
			own.accepted, own.value = own.promised, b.votes[i].value
			return
		}
	}
}

// propose accepts a value for this machine's own ballot, once everybody whom it
// does not suspect has promised. What somebody has accepted before may have been
// decided, so it is proposed again.
func (b *ballot) propose() {
	own := &b.votes[b.self]
	promisers := b.members &^ own.suspects
	if !promisers.has(b.self) || !b.quorum(promisers) {
		return
	}
	// Of machines that have gone before, members may still lack inputs up to the cut
	// when the only machine that held them goes, too. None of those frames is confirmed,
	// and the cut becomes lower.
	value, newest := outcome{absent: own.suspects}, ballotID(0)
	for i := range b.votes {
		v := &b.votes[i]
		if !promisers.has(i) {
			continue
		}
		if v.promised != own.promised {
			return
		}
		for m := range value.cuts {
			if (own.suspects | b.gone).has(m) && newest == 0 {
				value.cuts[m] = max(value.cuts[m], v.heads[m])
			}
		}
		if v.accepted > newest {
			newest, value = v.accepted, v.value
		}
	}
	own.accepted, own.value = own.promised, value
}

// decided is what a quorum has accepted; nil while there is no such thing.
func (b *ballot) decided() *outcome {
	for i := range b.votes {
		id, voters := b.votes[i].accepted, machines(0)
		if id == 0 {
			continue
		}
		for j := range b.votes {
			if b.votes[j].accepted == id {
				voters |= setOf(j)
			}
		}
		if b.quorum(voters) {
			return &b.votes[i].value
		}
	}
	return nil
}
