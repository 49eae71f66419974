package rtc

import "syscall/js"

const identityKey = "punchback.identity"

// kept is the identity of this browser's profile, which is fresh the first time;
// none where it can't be kept. A page in a sandboxed frame may not even look at its
// storage, and where there is no room for more, keeping it fails.
func kept(fresh string) (identity string) {
	defer func() {
		if recover() != nil {
			identity = ""
		}
	}()
	// Get would not turn what is thrown into a panic; Call does.
	storage := js.Global().Get("Reflect").Call("get", js.Global(), "localStorage")
	if storage.Type() != js.TypeObject {
		return ""
	}
	read := func() string {
		if v := storage.Call("getItem", identityKey); v.Type() == js.TypeString {
			return v.String()
		}
		return ""
	}
	if identity = read(); identity == "" {
		storage.Call("setItem", identityKey, fresh)
		identity = read() // Another tab may have been faster.
	}
	return identity
}
