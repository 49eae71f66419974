package punch

import (
	_ "embed"
	"syscall/js"
)

//go:embed glue.js
var glueScript string

// glue is what glue.js offers. It is undefined where there is no page, and
// where the page's policy lets no script in: links work without it, and leave
// more to Go's garbage collection.
var glue = loadGlue()

func loadGlue() (v js.Value) {
	defer func() { _ = recover() }() // The page's policy may throw.
	document := js.Global().Get("document")
	if document.Type() != js.TypeObject {
		return v
	}
	s := document.Call("createElement", "script")
	// Where the policy wants trusted types, this throws. Set would end the program then.
	js.Global().Get("Reflect").Call("set", s, "textContent", glueScript)
	document.Get("documentElement").Call("append", s) // It runs at once.
	s.Call("remove")
	if page := js.Global().Get("punchback"); page.Type() == js.TypeObject {
		v = page.Get("glue")
	}
	return v
}
