package client

import "syscall/js"

// A hidden page's timers come once a second, and after some minutes once a
// minute (Chrome: after 10 s to 5 minutes, where no link is open yet), far too
// seldom for a heartbeat. A Worker's come in time.
const clock = `
	let timer;
	onmessage = (e) => { clearInterval(timer); if (e.data) timer = setInterval(() => postMessage(0), e.data); };
`

const hiddenTick = 16 // ms; what plays by timers alone goes on at 60 ticks a second

// keepTime calls in from a Worker while the page is hidden. What it calls does
// nothing: whenever the page calls Go, the runtime looks at all its timers, so
// that every ticker of the program, here or elsewhere, comes in time. Where
// there is no Worker, or the page's policy forbids it, they come late.
func keepTime() (stop func()) {
	stop = func() {}
	d, ok := document()
	worker := js.Global().Get("Worker")
	if !ok || worker.Type() != js.TypeFunction {
		return stop
	}
	defer func() { _ = recover() }() // The page's policy may throw.
	blob := js.Global().Get("Blob").New([]any{clock}, map[string]any{"type": "text/javascript"})
	url := js.Global().Get("URL").Call("createObjectURL", blob)
	defer js.Global().Get("URL").Call("revokeObjectURL", url)
	w := worker.New(url)
	tick := js.FuncOf(func(js.Value, []js.Value) any { return nil })
	// It is called with nothing: Go would keep each message until it collects its garbage.
	w.Set("onmessage", js.Global().Get("Reflect").Get("apply").Call("bind", js.Undefined(), tick, js.Undefined(), []any{}))
	pace := func() {
		ms := 0
		if hidden() {
			ms = hiddenTick
		}
		w.Call("postMessage", ms)
	}
	pace()
	return all(listen(d, "visibilitychange", pace), func() {
		w.Set("onmessage", js.Null())
		w.Call("terminate")
		tick.Release()
	})
}
