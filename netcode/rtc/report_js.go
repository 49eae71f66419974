package rtc

import "syscall/js"

// reportEnd lets the page say why a match or the room is over, whatever the game makes
// of it: page.js shows it, and reports it to the server that the page came from.
// A page without page.js has it on its console.
func reportEnd(err error) {
	if page := js.Global().Get("punchback"); page.Type() == js.TypeObject {
		if ended := page.Get("ended"); ended.Type() == js.TypeFunction {
			ended.Invoke(err.Error())
			return
		}
	}
	js.Global().Get("console").Call("warn", err.Error())
}

// show tells the page, as punchback.room, where this machine is: the code, the
// link for others, and the phase. The page can offer the link while others are
// missing. Without a code there is no room.
func show(code, link string, phase Phase) {
	page := js.Global().Get("punchback")
	if page.Type() != js.TypeObject {
		return
	}
	if code == "" {
		page.Delete("room")
		return
	}
	page.Set("room", map[string]any{"code": code, "link": link, "phase": phase.String()})
}
