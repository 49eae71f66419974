package scene

import (
	"errors"
	"syscall/js"
)

// saveFile leaves it to the page, which gives it to the browser's downloads.
func saveFile(b []byte) (name string, err error) {
	save := js.Global().Get("punchback").Get("saveTrace")
	if save.Type() != js.TypeFunction {
		return "", errors.New("this page has no page.js")
	}
	return save.Invoke(string(b)).String(), nil
}
