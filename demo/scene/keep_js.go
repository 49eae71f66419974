package scene

import "syscall/js"

// storage is the browser's. One that refuses it does so with an exception, which Go
// survives in a call alone.
func storage() js.Value {
	return js.Global().Get("Reflect").Call("get", js.Global(), "localStorage")
}

// calm reports whether the system asks for less motion.
func calm() bool {
	return js.Global().Call("matchMedia", "(prefers-reduced-motion: reduce)").Get("matches").Bool()
}

// kept is what keep has kept in this browser; empty if that keeps nothing.
func kept(what string) (s string) {
	defer func() { _ = recover() }()
	if v := storage().Call("getItem", "punchback."+what); v.Type() == js.TypeString {
		s = v.String()
	}
	return s
}

// keep keeps something for the next time, if the browser does.
func keep(what, value string) {
	defer func() { _ = recover() }()
	storage().Call("setItem", "punchback."+what, value)
}
