package rtc_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/trace"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

// A firewall that drops UDP, and everything but the signaling server's port, is what
// the trace names. The kernel is the firewall, in a network namespace of the test's own.
func TestTraceBehindAFirewall(t *testing.T) {
	if os.Getenv(ownNetwork) == "" {
		args := []string{"-test.run=^" + t.Name() + "$", "-test.v", "-test.timeout=90s"}
		if *rewrite {
			args = append(args, "-rewrite")
		}
		child := exec.Command(os.Args[0], args...)
		child.Env = append(os.Environ(), ownNetwork+"=1")
		child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		out, err := child.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Skipf("no network namespace can be made here: %v", err)
		}
		if strings.Contains(string(out), "--- SKIP") {
			t.Skipf("%s", out)
		}
		if err != nil {
			t.Fatalf("%s", out)
		}
		return
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Skipf("ip: %v: %s", err, out)
	}
	defer rtc.SetLinkTimeout(6 * time.Second)()
	url, _ := serveAs(t, "127.0.0.1:0", server.Config{Turn: "127.0.0.1:0"})
	port := url[strings.LastIndex(url, ":")+1:]
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(fmt.Sprintf(`table inet fire { chain out { type filter hook output priority 0;
		tcp dport %[1]s accept
		tcp sport %[1]s accept
		drop
	}
	}`, port))
	if out, err := nft.CombinedOutput(); err != nil {
		t.Skipf("nft: %v: %s", err, out)
	}
	var rooms []*rtc.Room
	for range 2 {
		r := join(t, url+"/toy/FIZZBUZZ", &rtc.Options{Build: "toy/1"})
		rooms = append(rooms, r)
		await(t, "a welcome", func() bool { return r.Code() != "" })
	}
	awaitText(t, rooms[1], "player 1 can't be reached")
	tr := traced(t, rooms[1], "FIZZBUZZ")
	want := "link 1 offers, heard 1 answer, closed 1 no UDP, link 1 offers, heard 1 answer, closed 1 no UDP, unreached 1"
	if got := kinds(tr, trace.Link, trace.Heard, trace.Closed, trace.Unreached, trace.Over); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	keep(t, rooms[1], "no-udp")
}
