package node

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/lobby"
)

// Every server hears what the owner of a slot notes of its rooms, ten times a
// second, so that whoever is the next owner goes on with them: who was kicked,
// which codes lead back, what is locked. Notes are said to all and kept by all,
// also by the owner; they may get lost, and then it is as if the room had been
// forgotten. They are said again after a while, and when a server is new.
const (
	retell   = 5 * time.Minute
	keepNote = 11 * time.Minute // longer than a code leads back
)

// What is kept at most.
const (
	maxNotes      = 10_000 // of a slot
	maxNotesBytes = 32 << 20
	maxNotesBody  = 32 << 10 // of a packet, before the last note in it
)

// heard is a note as it was heard.
type heard struct {
	text  []byte
	term  uint64
	ticks int // when, as the lobbies count
	at    time.Duration
}

// publish says what is new in the slots that this server owns.
func (n *Node) publish() {
	for _, k := range sorted(n.slots) {
		s := n.slots[k]
		if s.lobby == nil || !s.sure(n.now) {
			continue
		}
		all := n.now >= s.retell
		if all {
			s.retell = n.now + retell
		}
		n.publishSlot(s, all)
	}
}

func (n *Node) publishSlot(s *slot, all bool) {
	var body []byte
	say := func() {
		if len(body) > 0 {
			n.send("", packet{kind: note, term: s.lease.Term, slot: s.name, body: body})
			body = nil
		}
	}
	s.lobby.Notes(all, func(l *lobby.Note) {
		text, err := json.Marshal(l)
		if err != nil {
			panic("node: " + err.Error()) // No field of a note can fail to marshal.
		}
		body = append(append(body, text...), '\n')
		if len(body) > maxNotesBody {
			say()
		}
	})
	say()
}

// note is what an owner has noted.
func (n *Node) note(p packet) {
	s := n.slot(p.slot)
	if s == nil {
		return
	}
	for text := range bytes.Lines(p.body) {
		var l lobby.Note
		if json.Unmarshal(text, &l) != nil || cluster.SlotOf(l.Game) != s.name {
			continue
		}
		if s.lobby != nil && p.term < s.since { // Of whoever was the owner before.
			s.lobby.Learn(&l, 0)
		}
		k := l.Game + "/" + l.Code
		before, known := s.notes[k]
		if p.term < before.term {
			continue // It was long on its way, and another has owned the slot since.
		}
		n.notes -= len(before.text)
		if l.Gone && l.Over == 0 || !known && len(s.notes) >= maxNotes || n.notes+len(text) > maxNotesBytes {
			delete(s.notes, k)
			continue
		}
		if s.notes == nil {
			s.notes = map[string]heard{}
		}
		n.notes += len(text)
		s.notes[k] = heard{bytes.Clone(text), p.term, n.ticks, n.now}
	}
}

// recall tells the lobby of a slot that is owned now what is known of its rooms.
func (n *Node) recall(s *slot) {
	for _, k := range sorted(s.notes) {
		var l lobby.Note
		if h := s.notes[k]; json.Unmarshal(h.text, &l) == nil {
			s.lobby.Learn(&l, n.ticks-h.ticks)
		}
	}
}

// sweepNotes forgets what nobody has told again.
func (n *Node) sweepNotes() {
	for _, s := range n.slots {
		for k, h := range s.notes {
			if n.now-h.at > keepNote {
				n.notes -= len(h.text)
				delete(s.notes, k)
			}
		}
	}
}
