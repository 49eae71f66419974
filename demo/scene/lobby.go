//go:build cgo || windows || js

package scene

import (
	"github.com/punchback/punchback/demo/controls"
	"github.com/punchback/punchback/demo/view"
	"github.com/punchback/punchback/netcode/rtc"
)

// lobby is a room where people gather, before the first match and between two.
type lobby struct {
	me, mate *member
	place    place
	solo     bool // against a bot
	after    bool // a match, with those who played it
	kept     bool // the room goes on in the next scene
	code     string
	link     string
	copied   string
	here     gathering
	choice   choice
	t        float32
}

// newLobby enters a room; with solo a bot follows.
func newLobby(a *app, p place, solo bool) scene {
	me, err := enter(p, &a.o, a.settings, a.o.Name, 0)
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
		l.code, l.link = code, l.me.room.Invite()
		l.place.code, l.place.fresh = code, false
		if l.solo {
			var err error
			if l.mate, err = enter(l.place, &a.o, usual(false), "Bot", 7); err != nil {
				return newFail(err)
			}
		} else {
			a.address(code, l.place.players)
		}
	}
	l.mate.partner()
	if l.link != "" && !(l.after && l.here.enough()) && (a.keys.copy || a.keys.click && a.keys.y < choiceTop) {
		l.copied = "copying ..."
		copyText(l.link, func(ok bool) {
			if l.copied = "copied"; !ok {
				l.copied = cantCopy
			}
		})
	}
	l.here = look(l.me.room)
	l.here.ask(l.me.room, &l.choice, &a.keys)
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
	again := l.after && l.here.enough()
	switch {
	case again:
		head = "Rematch"
	case l.solo:
		head = "A bot is coming"
	case l.code == "":
		head = "Looking for the room"
	}
	card(b, x, y, w, h, head)
	if again {
		b.TextCenter(l.here.answers(), view.Width/2, y+60, 1, view.Paper)
	} else if l.link != "" && !l.solo {
		b.TextCenter("Send this link to a friend, or say the code:", view.Width/2, y+46, 1, view.Grey)
		lines := wrapText(l.link, 62)
		for i, s := range lines {
			b.TextCenter(s, view.Width/2, y+64+float32(i)*14, 1, view.Paper)
		}
		b.TextCenter(orText(l.copied, a.copies()), view.Width/2, y+68+float32(len(lines))*14, 1, view.Gold)
	}
	l.roll(b, x)
	lines := wrapAtMost(statusLines, st.Text, 60)
	for i, s := range lines {
		b.TextCenter(s, view.Width/2, float32(statusTop(len(lines))+i*statusRow), 1, view.Paper)
	}
	bar := float32(w - 80)
	b.Pill(x+40, lobbyBar, bar, 8, 4, view.Paper.Fade(0.15))
	b.Pill(x+40, lobbyBar, max(bar*st.Progress, 8), 8, 4, view.Player[0])
	foot := leaveHint + saveHint
	if a.controls.Device() != controls.Keyboard {
		foot = ""
	}
	if l.here.asks() {
		goOn, wait := l.choice.words(l.here.trouble)
		button(b, choiceLeft, goOn, l.choice.on)
		button(b, choiceRight, wait, !l.choice.on)
		if foot != "" {
			foot = chooseHint + foot
		}
	} else if advice := l.here.advice(); advice != "" && !l.solo {
		b.Pill(adviceLeft, adviceTop-2, view.Width-2*adviceLeft, adviceLines*statusRow+2, 9, view.Ink.Fade(0.7))
		for i, s := range wrapAtMost(adviceLines, advice, adviceLetters) {
			b.TextCenter(s, view.Width/2, float32(adviceTop+i*statusRow), 1, view.Gold)
		}
	}
	if foot != "" {
		note(b, foot, view.Height-22)
	}
}

// roll is the list of the members.
func (l *lobby) roll(b *view.Brush, x float32) {
	shown, height := rows(len(l.here.members))
	for i := range shown {
		m, y := &l.here.members[i], float32(lobbyRows+i*height)
		b.Circle(x+40, y+7, 5, view.Player[(int(m.Peer)+7)%8])
		name, you := called(m), ""
		if m.Self {
			you = " (you)"
		}
		b.Text(cutText(name, nameLetters-len(you))+you, x+54, y, 1, view.Paper)
		b.Text(cutText(l.here.words(m), wordLetters), x+210, y, 1, view.Grey)
	}
	if more := len(l.here.members) - shown; more > 0 {
		b.Text("and "+itoa(more)+" more", x+54, float32(lobbyRows+shown*height), 1, view.Grey)
	}
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
