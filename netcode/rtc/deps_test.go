package rtc_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A page must not carry what the browser has already: pion's stack, which the
// native build needs, or net/http, which would weigh more than a game.
func TestThePageIsLight(t *testing.T) {
	deps := func(env ...string) string {
		cmd := exec.Command("go", "list", "-deps", ".")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	page, native := deps("GOOS=js", "GOARCH=wasm"), deps("CGO_ENABLED=0")
	for _, heavy := range []string{"github.com/pion/", "net/http\n", "github.com/coder/websocket"} {
		if strings.Contains(page, heavy) {
			t.Errorf("the js build links %s", strings.TrimSpace(heavy))
		}
	}
	if !strings.Contains(native, "netcode/rtc/internal/mesh") || !strings.Contains(page, "syscall/js") {
		t.Error("this test looks at nothing")
	}
}
