package rtc

import (
	"sync"
	"sync/atomic"
	"syscall/js"

	"github.com/punchback/punchback/nat/trace"
)

// latest is the log of the room that was joined last.
var latest atomic.Pointer[trace.Log]

// page is the object by which the page and the program know one another.
func page() js.Value {
	p := js.Global().Get("punchback")
	if p.Type() != js.TypeObject {
		p = js.Global().Get("Object").New()
		js.Global().Set("punchback", p)
	}
	return p
}

var offerOnce = sync.OnceFunc(func() {
	page().Set("trace", js.FuncOf(func(js.Value, []js.Value) any {
		return string(latest.Load().Bytes(false))
	}))
})

// offerTrace lets the page ask for the trace of a room: punchback.trace().
func offerTrace(log *trace.Log) {
	latest.Store(log)
	offerOnce()
	page().Delete("traced") // that of the room before
}

// keepTrace leaves the trace of a room to the page, as it is now: a program that has
// ended, by a panic perhaps, answers no more.
func keepTrace(log *trace.Log) {
	if latest.Load() == log {
		page().Set("traced", string(log.Bytes(false)))
	}
}
