//go:build cgo || windows || js

package scene

import (
	"errors"
	"strings"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/demo/view"
	"github.com/punchback/punchback/netcode"
)

// match is the game itself, with the result at its end.
type match struct {
	*lobby
	arena  view.Arena
	again  bool // saying goodbye to this match for the sake of the next
	legend int
	quiet  silence
	alone  int    // ticks since this machine has lost the server
	asked  string // who wants a rematch; empty: nobody has said so
	empty  bool   // too few are here for one
	parted string // who left last
	gone   int    // ticks that this is still told
	since  int    // ticks since the session ended
}

func newMatch(a *app, l *lobby) scene {
	room := *l // the lobby's own copy is told that its room goes on
	room.kept, room.copied, room.choice, room.after = false, "", choice{}, true
	l.me.room.SetReady(false) // who comes back from the match is asked anew
	m := &match{lobby: &room}
	m.arena.You, m.arena.Calm = int(l.me.seat), a.settings.calm
	m.arena.Names = l.me.names()
	return m
}

func (m *match) name() string {
	if m.me.session != nil && (m.me.over != nil || m.me.decided()) {
		return "result"
	}
	return "match"
}

func (m *match) update(a *app) scene {
	if a.keys.back {
		return newTitle(a)
	}
	m.mate.partner()
	if m.again {
		if !m.me.finish() {
			return m
		}
		l := *m.lobby
		m.lobby.kept, l.kept = true, false
		return &l
	}
	bits := a.controls.Bits(0)
	if a.o.Autoplay {
		bits = game.Bot(m.me.game.State(), m.me.seat, 0xb07)
	}
	was := m.me.over
	m.me.tick(bits)
	m.legend++
	m.arena.Update(m.me.game, a.speaker)
	m.listen()
	if m.me.over != nil {
		m.arena.Hush()
		if was == nil {
			report(m.me.over)
		}
		m.since++
		var terms *netcode.TermsError
		if errors.As(m.me.over, &terms) {
			return newFail(m.me.over)
		}
	}
	if m.me.over != nil || m.me.decided() {
		if a.keys.ok || a.keys.click && (a.keys.y < sheetEnd || a.frame.tall()) || a.o.Autoplay && m.since > 120 {
			m.again = true
			a.speaker.Blip(true)
		}
	}
	return m
}

// listen hears of the other machines what this one's session and room know.
func (m *match) listen() {
	m.quiet.tick()
	for e := range m.me.session.Events() {
		for seat, id := range m.me.match.Config().Seats {
			if id == e.Peer {
				m.quiet.event(seat, e.Kind)
			}
		}
		if e.Kind == netcode.Left {
			m.parted, m.gone = m.holder(e.Peer)+" has left", 240
			if e.Timeout {
				m.parted = m.holder(e.Peer) + " is not heard any more"
			}
		}
	}
	m.gone--
	if m.alone++; !cutOff(m.me.room.Status()) {
		m.alone = 0
	}
	if m.legend%15 == 0 { // letters need not be newer
		m.arena.Notes = m.me.notes()
		here := look(m.me.room)
		m.asked, m.empty = here.asked(), !here.enough()
		if m.alone > 0 {
			m.arena.Notes[m.me.seat] = "no server " + itoa(m.alone/game.Rate) + " s"
		}
	}
}

func (m *match) draw(b *view.Brush, a *app) {
	s := m.me.game.State()
	m.arena.Draw(b, s, view.Width, view.Height)
	silent := m.quiet.words(m.called)
	if k := m.shown(); k > 0 && silent == "" && m.gone <= 0 && !a.frame.tall() {
		text := view.Legend(a.controls, 0)
		w := view.TextWidth(text, 1) + 20
		b.Pill(view.Width/2-w/2, legendTop, w, 18, 9, view.Ink.Fade(0.6*k))
		b.TextCenter(text, view.Width/2, legendTop+3, 1, view.Paper.Fade(k))
	}
	head, foot := m.outcome(a)
	switch {
	case head != "" && !a.frame.tall():
		m.sheet(b, head, foot)
	case silent != "":
		note(b, silent, legendTop+3)
	case m.gone > 0:
		note(b, m.parted+m.others(), legendTop+3)
	}
}

// others says that a match goes on without somebody, where others than this machine play.
func (m *match) others() string {
	s := m.me.game.State()
	n := 0
	for i := range s.Fighters[:s.Players] {
		if i != int(m.me.seat) && !s.Fighters[i].Gone {
			n++
		}
	}
	if n < 2 { // who has left may still be one
		return ""
	}
	return ", the others play on"
}

// shown is how well the legend is seen: in the first round, and then no more.
func (m *match) shown() float32 {
	if m.me.game.State().Round > 1 {
		return 0
	}
	return min(max(float32(480-m.legend)/60, 0), 1)
}

// outcome is what the sheet at the end says, and what to press; both are empty before.
func (m *match) outcome(a *app) (head, foot string) {
	switch {
	case m.again:
		return "Rematch", "asking the others ..."
	case m.me.over != nil && !m.me.decided():
		return m.ended(), a.say("on to the next match", "leave")
	case m.me.decided() && (m.me.over != nil || m.me.game.State().Clock > 70):
		head, foot = m.winner(), a.say("rematch", "leave")
		switch {
		case m.empty:
			foot = a.say("wait for others", "leave")
		case m.asked != "":
			head, foot = strings.TrimSuffix(head, "!")+". "+m.asked+".", a.say("accept", "leave")
		}
	}
	return head, foot
}

// below draws what is below the picture on a screen that is higher than wide: the legend,
// and the sheet, larger.
func (m *match) below(b *view.Brush, a *app) {
	under(b, a)
	if k := m.shown(); k > 0 {
		for i, line := range wrapText(view.Legend(a.controls, 0), 44) {
			b.TextCenter(line, view.Width/2, view.Height+96+float32(i)*30, 2, view.Paper.Fade(k))
		}
	}
	if head, foot := m.outcome(a); head != "" {
		b.Camera(view.Width/2, sheetTop, view.Width/2, view.Height+110, tallZoom)
		m.sheet(b, head, "")
		b.Screen()
		b.TextCenter(foot, view.Width/2, view.Height+220, 2, view.Paper)
	}
}

func (m *match) winner() string {
	w := int(m.me.game.State().Winner)
	switch {
	case w < 0:
		return "Nobody is left"
	case w == int(m.me.seat):
		return "You win!"
	}
	return m.called(w) + " wins"
}

// called is what a seat is called.
func (m *match) called(seat int) string {
	if n := m.arena.Names[seat]; n != "" {
		return n
	}
	return "P" + itoa(seat+1)
}

// holder is what the seat of a machine is called.
func (m *match) holder(id netcode.Peer) string {
	for seat, at := range m.me.match.Config().Seats {
		if at == id {
			return m.called(seat)
		}
	}
	return "Somebody"
}

// ended says why there is no more of this match.
func (m *match) ended() string {
	var left *netcode.LeftError
	if !errors.As(m.me.over, &left) {
		return plainWords(m.me.over)
	}
	who := m.holder(left.Peer)
	switch {
	case left.Timeout:
		return who + " is gone: nothing heard for too long"
	case m.me.decided():
		return m.winner()
	}
	return who + " has left"
}

func (m *match) sheet(b *view.Brush, head, foot string) {
	lines := wrapText(head, 34)
	size := float32(2)
	if len(lines) > 2 {
		lines, size = wrapAtMost(sheetLines, head, 64), 1
	}
	h := sheetHeight(len(lines), size)
	const y = sheetTop
	b.Pill(82, y+4, view.Width-160, h, 12, view.Ink.Fade(0.4))
	b.Pill(80, y, view.Width-160, h, 12, view.Ink.Fade(0.86))
	for i, l := range lines {
		b.TextCenter(l, view.Width/2, y+12+float32(i)*15*size, size, view.Gold)
	}
	b.TextCenter(foot, view.Width/2, y+h-24, 1, view.Paper)
}
