package client

import "syscall/js"

// document is that of the page; a Worker and Node have none.
func document() (d js.Value, ok bool) {
	d = js.Global().Get("document")
	return d, d.Type() == js.TypeObject
}

// hidden reports whether nobody can see the page.
func hidden() bool {
	d, ok := document()
	return ok && d.Get("hidden").Truthy()
}

// listen calls f at each such event of the target, if there are events here.
func listen(target js.Value, event string, f func()) (stop func()) {
	if target.Type() != js.TypeObject || target.Get("addEventListener").Type() != js.TypeFunction {
		return func() {}
	}
	fn := js.FuncOf(func(js.Value, []js.Value) any {
		f()
		return nil
	})
	target.Call("addEventListener", event, fn)
	return func() {
		target.Call("removeEventListener", event, fn)
		fn.Release()
	}
}

// all stops them all.
func all(stops ...func()) (stop func()) {
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// awake calls f when the page comes back from where its sockets may have died:
// from the background, from the back-forward cache, or from no network. Safari
// keeps such a socket open, and nothing comes through it any more.
func awake(f func()) (stop func()) {
	seen := func() {
		if !hidden() {
			f()
		}
	}
	d, _ := document()
	return all(listen(js.Global(), "online", seen), listen(js.Global(), "pageshow", seen), listen(d, "visibilitychange", seen))
}

// freezes calls f when the browser is about to freeze the page: a phone was
// locked, or a tab not looked at for long. When it thaws, Chromium has its
// sockets say what they say when a page is left for good (1001, going away),
// and whoever slept in a match would not be let in again: f has the word
// before. A page that is left, and kept by the browser for the way back, does
// not sleep.
func freezes(f func()) (stop func()) {
	left := false
	d, _ := document()
	return all(
		listen(js.Global(), "pagehide", func() { left = true }),
		listen(js.Global(), "pageshow", func() { left = false }),
		listen(d, "freeze", func() {
			if !left {
				f()
			}
		}))
}
