package client

import "syscall/js"

// awake calls f when the page comes back from where its sockets may have died:
// from the background, from the back-forward cache, or from no network. Safari
// keeps such a socket open, and nothing comes through it any more.
func awake(f func()) (stop func()) {
	if js.Global().Get("addEventListener").Type() != js.TypeFunction {
		return func() {}
	}
	fn := js.FuncOf(func(js.Value, []js.Value) any {
		if d := js.Global().Get("document"); d.Type() != js.TypeObject || !d.Get("hidden").Truthy() {
			f()
		}
		return nil
	})
	targets := map[string]js.Value{"online": js.Global(), "pageshow": js.Global()}
	if d := js.Global().Get("document"); d.Type() == js.TypeObject {
		targets["visibilitychange"] = d
	}
	for event, target := range targets {
		target.Call("addEventListener", event, fn)
	}
	return func() {
		for event, target := range targets {
			target.Call("removeEventListener", event, fn)
		}
		fn.Release()
	}
}
