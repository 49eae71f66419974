package rtc

import "syscall/js"

// parting has the room say goodbye when the page is left, be it reloaded, closed or
// gone on from: its process may end with it.
//
// A page that may be kept for the way back (persisted) keeps its room, and links
// anew if it does come back; with open links Chromium would not keep it, and says so
// to nobody.
func (r *Room) parting() (stop func()) {
	global := js.Global()
	if global.Get("addEventListener").Type() != js.TypeFunction {
		return func() {}
	}
	left := js.FuncOf(func(_ js.Value, args []js.Value) any {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, l := range r.links {
			l.Goodbye()
			go l.Close()
		}
		if !args[0].Get("persisted").Truthy() {
			go r.Close()
		}
		return nil
	})
	global.Call("addEventListener", "pagehide", left)
	return func() {
		global.Call("removeEventListener", "pagehide", left)
		left.Release()
	}
}
