package rtc

import "syscall/js"

// here is the current page, without its query: what this player asked for is
// not what others want.
func here() string {
	location := js.Global().Get("location")
	if location.Type() != js.TypeObject {
		return ""
	}
	return location.Get("origin").String() + location.Get("pathname").String()
}
