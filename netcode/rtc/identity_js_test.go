package rtc

import (
	"encoding/hex"
	"syscall/js"
	"testing"
)

func TestIdentityOfAPage(t *testing.T) {
	global := js.Global()
	page := func(script string) { global.Call("eval", script) }
	page(`globalThis.stored = {};
		globalThis.store = (limit) => ({
			getItem: (k) => Object.hasOwn(stored, k) ? stored[k] : null,
			setItem: (k, v) => { if (k.length + v.length > limit) throw new Error("QuotaExceededError"); stored[k] = String(v); },
		});
		globalThis.storage = (get) => Object.defineProperty(globalThis, "localStorage", { configurable: true, get });`)
	me := func() string {
		var o Options
		o.identify()
		return o.Identity
	}

	page(`storage(() => store(1000))`)
	first := me()
	if b, err := hex.DecodeString(first); err != nil || len(b) != 16 || me() != first || global.Get("stored").Get("punchback.identity").String() != first {
		t.Errorf("%q is kept as %v", first, global.Get("stored").Get("punchback.identity"))
	}
	page(`stored = {}`)
	if me() == first {
		t.Error("another profile is the same")
	}

	for _, broken := range []string{
		`storage(() => undefined)`, `storage(() => null)`, `storage(() => { throw new Error("SecurityError") })`,
		`stored = {}; storage(() => store(8))`, `storage(() => ({ getItem() { throw new Error("gone") } }))`, `storage(() => ({}))`, `delete globalThis.localStorage`,
		`storage(() => ({ getItem: () => null, setItem() {} }))`, // keeps nothing
	} {
		page(broken)
		if got := me(); got != "" {
			t.Errorf("%s: %q", broken, got)
		}
	}
	page(`stored = {}; storage(() => store(1000))`)
	o := Options{Identity: NoIdentity}
	if o.identify(); o.Identity != "" || global.Get("Object").Call("keys", global.Get("stored")).Length() != 0 {
		t.Errorf("nobody is %q", o.Identity)
	}
}
