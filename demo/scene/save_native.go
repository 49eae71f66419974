//go:build !js && (cgo || windows)

package scene

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// saveFile writes to the current folder, or to that of temporary files where a
// program may not write there.
func saveFile(b []byte) (name string, err error) {
	name = "punchback-trace-" + time.Now().UTC().Format("20060102150405") + ".txt"
	if err = os.WriteFile(name, b, 0o600); err != nil {
		name = filepath.Join(os.TempDir(), name)
		err = os.WriteFile(name, b, 0o600)
	}
	if err == nil {
		fmt.Println("the report is saved as", name)
	}
	return name, err
}
