package rtc_test

import (
	"errors"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
)

const ownNetwork = "PUNCHBACK_OWN_NETWORK"

// The machine's address changes in mid-match, as when Wi-Fi gives way to the
// telephone: the link goes over to the new one, over the same room and with the
// same seats. The test runs itself in a network namespace of its own.
func TestTheAddressChangesInMidMatch(t *testing.T) {
	if os.Getenv(ownNetwork) == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=90s")
		child.Env = append(os.Environ(), ownNetwork+"=1")
		child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		out, err := child.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Skipf("no network namespace can be made here: %v", err)
		}
		t.Logf("%s", out)
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0) // one address, to be lost
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "pb0", "type", "veth", "peer", "name", "pb1"},
		{"link", "set", "pb0", "up"},
		{"link", "set", "pb1", "up"},
		{"addr", "add", "10.99.0.1/24", "dev", "pb0"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Skipf("ip %v: %v: %s", args, err, out)
		}
	}
	url, _ := serve(t)
	rooms := gather(t, url+"/toy", 2)
	var mu sync.Mutex
	var changed, last time.Time
	var gap time.Duration // without a new frame after the change
	var highest netcode.Frame
	var report punch.Report
	together(t, rooms, 1200, func(f netcode.Frame) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if f >= 240 && changed.IsZero() {
			for _, args := range [][]string{{"addr", "del", "10.99.0.1/24", "dev", "pb0"}, {"addr", "add", "10.99.0.2/24", "dev", "pb0"}} {
				if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
					t.Errorf("ip %v: %v: %s", args, err, out)
				}
			}
			changed, last = time.Now(), now
		}
		if !changed.IsZero() && f > highest {
			gap, last, highest = max(gap, now.Sub(last)), now, f
			if m, _ := rooms[0].Match(); m != nil && f == 1100 {
				report = m.Peer(1)
			}
		}
	})
	t.Logf("no new frame for %v; %s", gap, report.Reason)
	if report.Moves == 0 || report.State != punch.Open {
		t.Errorf("the link did not go over to the new address: %+v", report)
	}
}
