package scene

import (
	"fmt"
	"math"
	"syscall/js"

	"github.com/punchback/punchback/netcode"
)

const (
	canQuit  = false
	cantCopy = "the browser does not let us: take it from the address bar"
)

// publish puts stats where tests and curious people find it: all of it by
// globalThis.punchback.stats(), and the hash of one confirmed frame, while it
// is held, by stats(frame).
func (a *app) publish() {
	page := js.Global().Get("punchback")
	if page.IsUndefined() {
		page = js.Global().Get("Object").New()
		js.Global().Set("punchback", page)
	}
	page.Set("own", true)                    // what ends a match, and the way for friends, stand in our scenes
	stats := js.Global().Get("Object").New() // the same one each time: Go would keep them all
	page.Set("stats", js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) > 0 {
			return a.hash(netcode.Frame(args[0].Int()))
		}
		for name, v := range a.stats() {
			stats.Set(name, v)
		}
		return stats
	}))
	js.Global().Call("addEventListener", "paste", js.FuncOf(func(_ js.Value, args []js.Value) any {
		if text := []rune(args[0].Get("clipboardData").Call("getData", "text").String()); len(text) < 256 {
			a.pasted = text
		}
		return nil
	}))
	js.Global().Call("addEventListener", "pagehide", js.FuncOf(func(js.Value, []js.Value) any {
		if m := a.playing(); m != nil && m.over == nil { // a page has no time to wait for an answer
			m.session.Leave()
			for range 3 {
				_ = m.session.Advance(netcode.Input{})
			}
		}
		return nil
	}))
}

// turn tells the page whether this scene has room for people who are to come.
func (a *app) turn() {
	name := a.now.name()
	js.Global().Get("punchback").Set("busy", name != "title" && name != "lobby")
}

var document = js.Global().Get("document")

// hidden reports whether nobody can see the picture: the tab is behind another.
func hidden() bool { return document.Get("hidden").Truthy() }

func (a *app) hash(f netcode.Frame) string {
	if m := a.playing(); m != nil {
		if h, ok := m.session.Hash(f); ok {
			return fmt.Sprintf("%016x", h)
		}
	}
	return ""
}

func (a *app) stats() map[string]any {
	s := map[string]any{
		"scene": a.now.name(), "player": 0, "players": a.o.Players, "frame": 0, "confirmed": 0, "hashFrame": 0, "hash": "",
		"rttMs": 0, "path": "unknown", "rollback": 0, "stalls": 0, "room": "",
	}
	switch l := a.now.(type) {
	case *lobby:
		s["room"], s["players"] = l.code, l.place.players
		if l.after {
			s["asked"] = l.here.answers()
		}
	case *match:
		s["room"], s["players"], s["asked"] = l.code, l.place.players, l.asked
	}
	m := a.playing()
	if m == nil {
		return s
	}
	st := m.session.Stats()
	s["player"], s["players"] = int(m.seat), int(m.game.State().Players)
	s["frame"], s["confirmed"] = int(st.Frame), int(st.Confirmed)
	s["rollback"], s["stalls"] = st.MaxDepth, int(st.Waited)
	f := st.Confirmed - st.Confirmed%10 // round, so that two who look at different moments can compare
	s["hashFrame"], s["hash"] = int(f), a.hash(f)
	rtt := 0
	for _, p := range st.Peers[:st.Others] {
		rtt = max(rtt, p.RTT)
	}
	s["rttMs"] = math.Round(float64(rtt)/6) / 10
	s["path"] = m.worst().Path.String()
	g := m.game.State()
	me := &g.Fighters[m.seat]
	s["x"], s["y"] = me.Pos.X.Float64(), me.Pos.Y.Float64()
	s["won"] = m.decided() && int(g.Winner) == int(m.seat)
	for i := range g.Fighters[:g.Players] {
		if f := &g.Fighters[i]; i != int(m.seat) && !f.Gone {
			s["foe"] = f.Pos.X.Float64()
		}
	}
	return s
}

// address makes the page's own address the way into the room, so that it can
// be copied and so that a reload comes back. No code: out of the room again.
func (a *app) address(code string, players int) {
	u := js.Global().Get("URL").New(js.Global().Get("location").Get("href"))
	q := u.Get("searchParams")
	if code == "" {
		q.Call("delete", "room")
		q.Call("delete", "players")
	} else {
		q.Call("set", "room", code)
		q.Call("set", "players", players)
	}
	js.Global().Get("history").Call("replaceState", nil, "", u)
}

// warn tells the developer and, if the page can, the player.
func warn(sentence string) {
	page := js.Global().Get("punchback")
	for _, name := range []string{"report", "notice"} {
		if f := page.Get(name); f.Type() == js.TypeFunction {
			f.Invoke(sentence)
		}
	}
}

// report says nothing here: package rtc tells the page why a match ended.
func report(error) {}

// copyText leaves it to the page, which knows a way without a secure context.
func copyText(text string, done func(ok bool)) {
	tool := js.Global().Get("punchback").Get("copy")
	var promise js.Value
	if tool.Type() == js.TypeFunction {
		promise = tool.Invoke(text)
	} else if c := js.Global().Get("navigator").Get("clipboard"); !c.IsUndefined() {
		promise = c.Call("writeText", text)
	} else {
		done(false)
		return
	}
	var yes, no js.Func
	end := func(ok bool) {
		done(ok)
		yes.Release()
		no.Release()
	}
	yes = js.FuncOf(func(_ js.Value, v []js.Value) any {
		end(len(v) == 0 || v[0].Type() != js.TypeBoolean || v[0].Bool())
		return nil
	})
	no = js.FuncOf(func(js.Value, []js.Value) any { end(false); return nil })
	promise.Call("then", yes, no)
}
