package client

import (
	"syscall/js"
	"testing"
	"time"
)

// eventTarget makes something of the page's that events can be sent to.
func eventTarget(t *testing.T, on js.Value) (fire func(event string), listeners func() int) {
	set := js.Global().Get("Map").New()
	add := js.FuncOf(func(_ js.Value, a []js.Value) any { set.Call("set", a[0], a[1]); return nil })
	remove := js.FuncOf(func(_ js.Value, a []js.Value) any { set.Call("delete", a[0]); return nil })
	on.Set("addEventListener", add)
	on.Set("removeEventListener", remove)
	t.Cleanup(func() {
		on.Delete("addEventListener")
		on.Delete("removeEventListener")
		add.Release()
		remove.Release()
	})
	return func(event string) {
		if f := set.Call("get", event); f.Type() == js.TypeFunction {
			f.Invoke()
		}
	}, func() int { return set.Get("size").Int() }
}

// A page that is shown again, or has a network again, looks for its server; one
// that is hidden has time.
func TestThePageComesBack(t *testing.T) {
	document := js.Global().Get("Object").New()
	js.Global().Set("document", document)
	defer js.Global().Delete("document")
	page, pageHas := eventTarget(t, js.Global())
	tab, tabHas := eventTarget(t, document)
	calls := 0
	stop := awake(func() { calls++ })
	page("online")
	page("pageshow")
	tab("visibilitychange")
	if calls != 3 {
		t.Errorf("%d calls for three events", calls)
	}
	document.Set("hidden", true)
	tab("visibilitychange")
	if calls != 3 {
		t.Error("a page that was hidden looks")
	}
	stop()
	if pageHas() != 0 || tabHas() != 0 {
		t.Errorf("%d and %d listeners stay", pageHas(), tabHas())
	}
}

// A page that sleeps has a word before; one that is left has not, whether or not
// the browser keeps it.
func TestThePageSleeps(t *testing.T) {
	document := js.Global().Get("Object").New()
	js.Global().Set("document", document)
	defer js.Global().Delete("document")
	page, pageHas := eventTarget(t, js.Global())
	tab, tabHas := eventTarget(t, document)
	calls := 0
	stop := freezes(func() { calls++ })
	tab("freeze")
	if calls != 1 {
		t.Errorf("%d calls for a page that sleeps", calls)
	}
	page("pagehide")
	tab("freeze")
	if calls != 1 {
		t.Error("a page that was left sleeps")
	}
	page("pageshow")
	tab("freeze")
	if calls != 2 {
		t.Error("a page that was found again never sleeps")
	}
	stop()
	if pageHas() != 0 || tabHas() != 0 {
		t.Errorf("%d and %d listeners stay", pageHas(), tabHas())
	}
}

// Then it does so at once, however long it waits between two tries by now.
func TestItTriesAtOnce(t *testing.T) {
	tries := make(chan time.Time, 1000)
	was := js.Global().Get("WebSocket")
	broken := js.FuncOf(func(this js.Value, _ []js.Value) any {
		tries <- time.Now()
		js.Global().Call("setTimeout", js.Global().Get("Function").New("s", "s.onerror && s.onerror({})"), 0, this)
		this.Set("close", js.Global().Get("Function").New(""))
		return nil
	})
	defer broken.Release()
	js.Global().Set("WebSocket", broken)
	defer js.Global().Set("WebSocket", was)
	c, err := Dial("ws://127.0.0.1:1/toy", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	last := <-tries
	for pause := time.Duration(0); pause < 800*time.Millisecond; { // The pauses double.
		next := <-tries
		pause, last = next.Sub(last), next
	}
	time.Sleep(50 * time.Millisecond) // It waits again by now, for 800 ms at least.
	c.rouse()
	if took := (<-tries).Sub(last); took > 700*time.Millisecond {
		t.Errorf("tried after %v", took)
	}
}
