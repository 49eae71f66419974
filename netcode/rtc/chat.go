package rtc

import (
	"errors"
	"fmt"
	"iter"
	"unicode/utf8"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc/internal/mesh"
)

// MaxText is the longest line of chat, in bytes of UTF-8.
const MaxText = mesh.MaxText

// ErrTooMuch is the error of Say beyond what the others would accept.
var ErrTooMuch = errors.New("rtc: too much is said: ten lines at once, and two a second")

// Line is what a player said.
type Line struct {
	Peer   netcode.Peer
	Name   string // of the player, at that time
	Text   string // without control characters and the like; still a stranger's words
	Number uint64 // of that machine's lines in this room, from 1; a gap is a line that was not heard here
	Self   bool   // it was said by this machine
}

// maxLines is how many lines wait for Chat.
const maxLines = 64

// Say sends a line to all members that are linked now, and to Chat of this machine. It
// goes from machine to machine, reliable and in order, and needs no server. Later
// newcomers do not hear it, and a line under way is lost if its link breaks. The limits
// are MaxText bytes, ten lines at once and two a second, which every receiver enforces.
func (r *Room) Say(text string) error {
	if text == "" || len(text) > MaxText || !utf8.ValidString(text) {
		return fmt.Errorf("rtc: text of %d bytes, must be 1 to %d of UTF-8", len(text), MaxText)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over != nil {
		return r.over
	}
	if len(r.members) == 0 {
		return errors.New("rtc: nothing can be said before the server has let this machine in")
	}
	if len(r.asks.says)+r.spoken >= mesh.ChatBurst {
		return ErrTooMuch
	}
	r.asks.says = append(r.asks.says, text)
	r.poke()
	return nil
}

// Chat yields the lines since the last call, in the order in which they were heard. At
// most 64 wait; beyond that the oldest are lost.
func (r *Room) Chat() iter.Seq[Line] {
	r.mu.Lock()
	lines := r.lines
	r.lines = nil
	r.mu.Unlock()
	return func(yield func(Line) bool) {
		for _, l := range lines {
			if !yield(l) {
				return
			}
		}
	}
}

// hearLines keeps what was said for Chat.
func (d *driver) hearLines() {
	for l, ok := d.mesh.NextLine(); ok; l, ok = d.mesh.NextLine() {
		line := Line{Peer: netcode.Peer(l.From), Text: said(l.Text), Number: l.Number, Self: l.From == d.mesh.Self()}
		if line.Name = nameOf(d.peer(l.From).Member); line.Self {
			line.Name = d.options.Name
		}
		d.mu.Lock()
		if len(d.lines) >= maxLines {
			d.lines = d.lines[1:]
		}
		d.lines = append(d.lines, line)
		d.mu.Unlock()
	}
	if spoken := d.mesh.Spoken(); spoken != d.said {
		d.said = spoken
		d.mu.Lock()
		d.spoken = spoken
		d.mu.Unlock()
	}
}
