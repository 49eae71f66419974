//go:build cgo || windows || js

package scene

import (
	"slices"

	"github.com/punchback/punchback/demo/view"
	"github.com/punchback/punchback/netcode/rtc"
)

// lobby is a room where people gather, before the first match and between two.
type lobby struct {
	me, mate *member
	place    place
	solo     bool // against a bot
	kept     bool // the room goes on in the next scene
	code     string
	link     string
	copied   string
	choice   choice
	t        float32
}

// asks reports whether there is something to choose: enough are here for a match,
// and more could be.
func (l *lobby) asks() bool {
	if l.solo || l.code == "" {
		return false
	}
	lo, hi := l.me.room.Players()
	well, _ := company(slices.Collect(l.me.room.Members()))
	return lo < hi && lo <= well && well < hi
}

// newLobby enters a room; with solo a bot follows.
func newLobby(a *app, p place, solo bool) scene {
	me, err := enter(p, &a.o, a.o.Name, 0)
	if err != nil {
		return newFail(err)
	}
	a.saver.trace = me.room.Trace
	return &lobby{me: me, place: p, solo: solo}
}

func (l *lobby) name() string { return "lobby" }

func (l *lobby) close(a *app) {
	if !l.kept {
		a.leave(l.me)
		a.leave(l.mate)
		a.address("", 0)
	}
}

func (l *lobby) update(a *app) scene {
	l.t++
	if a.keys.back {
		return newTitle(a)
	}
	if err := l.me.poll(); err != nil {
		return newFail(err)
	}
	if st := l.me.room.Status(); st.Phase == rtc.Over && st.Err != nil {
		return newFail(st.Err)
	}
	if code := l.me.room.Code(); code != "" && code != l.code {
		l.code, l.link = code, l.me.room.Link()
		l.place.code, l.place.fresh = code, false
		if l.solo {
			var err error
			if l.mate, err = enter(l.place, &a.o, "Bot", 7); err != nil {
				return newFail(err)
			}
		} else {
			a.address(code, l.place.players)
		}
	}
	l.mate.partner()
	if l.link != "" && (a.keys.copy || a.keys.click && a.keys.y < choiceTop) {
		l.copied = "copying ..."
		copyText(l.link, func(ok bool) {
			if l.copied = "copied"; !ok {
				l.copied = cantCopy
			}
		})
	}
	if l.asks() && l.choice.update(&a.keys) {
		l.me.room.SetReady(l.choice.on)
	}
	if l.me.session != nil {
		l.kept = true
		return newMatch(a, l)
	}
	return l
}

func (l *lobby) draw(b *view.Brush, a *app) {
	b.Sky(l.t*0.3, 0, l.t)
	st := l.me.room.Status()
	const x, y, w, h = 90, lobbyTop, view.Width - 180, lobbyHeight
	head := "Room " + l.code
	switch {
	case l.solo:
		head = "A bot is coming"
	case l.code == "":
		head = "Looking for the room"
	}
	card(b, x, y, w, h, head)
	if l.link != "" && !l.solo {
		b.TextCenter("Send this link to a friend, or say the code:", view.Width/2, y+46, 1, view.Grey)
		lines := wrapText(l.link, 62)
		for i, s := range lines {
			b.TextCenter(s, view.Width/2, y+64+float32(i)*14, 1, view.Paper)
		}
		b.TextCenter(orText(l.copied, "C copies the link"), view.Width/2, y+68+float32(len(lines))*14, 1, view.Gold)
	}
	row := float32(lobbyRows)
	for m := range l.me.room.Members() {
		c := view.Player[(int(m.Peer)+7)%8]
		b.Circle(x+40, row+7, 5, c)
		name := orText(m.Name, "player "+itoa(int(m.Peer)))
		if m.Self {
			name += " (you)"
		}
		b.Text(name, x+54, row, 1, view.Paper)
		b.Text(linkWords(&m), x+210, row, 1, view.Grey)
		row += memberRow
	}
	lines := wrapAtMost(statusLines, st.Text, 60)
	for i, s := range lines {
		b.TextCenter(s, view.Width/2, float32(statusTop(len(lines))+i*statusRow), 1, view.Paper)
	}
	bar := float32(w - 80)
	b.Pill(x+40, lobbyBar, bar, 8, 4, view.Paper.Fade(0.15))
	b.Pill(x+40, lobbyBar, max(bar*st.Progress, 8), 8, 4, view.Player[0])
	if l.asks() {
		_, trouble := company(slices.Collect(l.me.room.Members()))
		goOn, wait := l.choice.words(trouble)
		button(b, choiceLeft, goOn, l.choice.on)
		button(b, choiceRight, wait, !l.choice.on)
	}
	note(b, "Escape: back to the title    "+saveHint, view.Height-22)
}

// button is one half of a choice.
func button(b *view.Brush, x float32, s string, chosen bool) {
	back, ink := view.Ink.Fade(0.62), view.Paper.Fade(0.85)
	if chosen {
		back, ink = view.Paper, view.Ink
	}
	b.Pill(x, choiceTop, choiceWidth, choiceHeight, choiceHeight/2, back)
	b.TextCenter(s, x+choiceWidth/2, choiceTop+4, 1, ink)
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
