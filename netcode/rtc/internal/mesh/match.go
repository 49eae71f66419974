package mesh

import (
	"slices"

	"github.com/punchback/punchback/signaling/protocol"
)

// The server starts matches. What becomes of one is for its session to say.

// Match is the match that this machine is in, if any.
func (m *Mesh) Match() *protocol.Match { return m.match }

// Round is the one that this machine plays, or waits for.
func (m *Mesh) Round() int {
	if m.match != nil {
		return m.match.Round
	}
	return max(m.next, m.played+1)
}

// LeftOut is the match that the others play without this machine, if there is one.
func (m *Mesh) LeftOut() *protocol.Match {
	if l := m.latest; m.match == nil && l != nil && l.Round > m.played && l.Round < m.next && !slices.Contains(l.Seats, m.self) &&
		slices.ContainsFunc(m.peers, func(p *peer) bool { return m.Plays(&p.Peer) }) {
		return l
	}
	return nil
}

// EndMatch leaves the match and waits for the next round.
func (m *Mesh) EndMatch() {
	if m.match == nil {
		return
	}
	m.played, m.match = m.match.Round, nil
	for i := len(m.peers) - 1; i >= 0; i-- {
		if m.peers[i].Left {
			m.dropPeer(i)
		}
	}
	if m.stranded { // Now it can be somebody new.
		m.order(Order{Kind: Anew})
		return
	}
	m.expel()
	m.say(false)
}

func (m *Mesh) start(match *protocol.Match) {
	if match == nil || len(match.Nonce) != 16 {
		return
	}
	if m.latest == nil || match.Round > m.latest.Round {
		m.latest, m.next = match, max(m.next, match.Round+1)
	}
	if m.match != nil || match.Round <= m.played || !slices.Contains(match.Seats, m.self) {
		return
	}
	m.match = match
	m.order(Order{Kind: Start, Match: match})
}

// Plays reports whether a peer is in a match; this machine may be in none.
func (m *Mesh) Plays(p *Peer) bool {
	return 0 < p.Round && p.Round < m.next && (m.latest == nil || m.latest.Round == p.Round && slices.Contains(m.latest.Seats, p.ID))
}

func (m *Mesh) plays(id protocol.ID) bool {
	return m.match != nil && slices.Contains(m.match.Seats, id)
}
