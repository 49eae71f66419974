package main

import (
	"runtime/debug"
	"syscall/js"

	"github.com/punchback/punchback/demo/scene"
)

// options are the query of the page's address.
func options() (scene.Options, error) {
	debug.SetGCPercent(400) // one thread plays and collects; memory is cheaper here than a late frame
	return scene.FromPage(js.Global().Get("location").Get("href").String())
}

// fail shows the error where the canvas would be: there is no terminal.
func fail(err error) {
	js.Global().Get("console").Call("error", err.Error())
	doc := js.Global().Get("document")
	p := doc.Call("createElement", "pre")
	p.Set("textContent", err.Error())
	p.Get("style").Set("cssText", "position:fixed;inset:0;margin:0;padding:2em;background:#171332;color:#fff6e6;white-space:pre-wrap")
	doc.Get("body").Call("append", p)
}
