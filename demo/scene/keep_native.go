//go:build !js && (cgo || windows)

package scene

import (
	"os"
	"path/filepath"
)

// place of what is kept, in the folder for such things.
func keeper(what string) (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "punchback", what), err
}

// calm reports whether the system asks for less motion, which nobody tells a window.
func calm() bool { return false }

// kept is what keep has kept on this machine; empty if it keeps nothing.
func kept(what string) string {
	path, err := keeper(what)
	if err != nil {
		return ""
	}
	b, _ := os.ReadFile(path)
	return string(b[:min(len(b), 256)])
}

// keep keeps something for the next time, if the machine does.
func keep(what, value string) {
	if path, err := keeper(what); err == nil && os.MkdirAll(filepath.Dir(path), 0o700) == nil {
		_ = os.WriteFile(path, []byte(value), 0o600)
	}
}
