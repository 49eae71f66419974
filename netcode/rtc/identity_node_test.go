//go:build unix

package rtc_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The storage of a browser, as Node plays it.
func TestIdentityInNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no Node")
	}
	bin := filepath.Join(t.TempDir(), "rtc.test.wasm")
	build := exec.Command("go", "test", "-c", "-o", bin, ".")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := exec.Command(filepath.Join(goroot(t), "lib/wasm/go_js_wasm_exec"), bin, "-test.v", "-test.run", "^TestIdentityOfAPage$")
	run.Env = []string{"PATH=" + filepath.Dir(node) + string(os.PathListSeparator) + os.Getenv("PATH")}
	out, err := run.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestIdentityOfAPage")) {
		t.Fatalf("%v\n%s", err, out)
	}
}
