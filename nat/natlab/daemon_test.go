//go:build netns && linux

package natlab

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

// daemon runs a program in a namespace as long as the test; what it says is told
// when the test has failed.
func (l *lab) daemon(h *Host, name string, args ...string) {
	l.t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		l.t.Skipf("%s is not installed", filepath.Base(name))
	}
	d := h.Command(name, args...)
	said := &words{}
	d.Stdout, d.Stderr = said, said
	if err := d.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		_ = d.Process.Kill()
		_ = d.Wait()
		if l.t.Failed() {
			l.t.Logf("%s said:\n%s", filepath.Base(name), said)
		}
	})
}

// words keeps the end of what a program says.
type words struct {
	mu   sync.Mutex
	last []byte
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = append(w.last, b...)
	w.last = w.last[max(0, len(w.last)-4096):]
	return len(b), nil
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.last)
}

// opener runs miniupnpd in the router of a network, which opens ports when asked.
func (l *lab) opener(n *Network) {
	l.t.Helper()
	l.run(n.space, `nft -f - <<'RULES'
add table inet filter
add chain inet filter forward { type filter hook forward priority 10; }
add chain inet filter prerouting { type nat hook prerouting priority -110; }
add chain inet filter postrouting { type nat hook postrouting priority 110; }
add chain inet filter miniupnpd
add chain inet filter prerouting_miniupnpd
add chain inet filter postrouting_miniupnpd
add rule inet filter forward jump miniupnpd
add rule inet filter prerouting jump prerouting_miniupnpd
RULES`)
	dir := l.t.TempDir()
	config := "ext_ifname=wan\nlistening_ip=lan\nport=0\nenable_natpmp=yes\nenable_upnp=no\nsecure_mode=yes\nmin_lifetime=1\nmax_lifetime=3600\n" +
		"upnp_table_name=filter\nupnp_nat_table_name=filter\nupnp_forward_chain=miniupnpd\nupnp_nat_chain=prerouting_miniupnpd\nupnp_nat_postrouting_chain=postrouting_miniupnpd\n" +
		"uuid=00000000-0000-0000-0000-000000000001\nallow 1024-65535 10.0.0.0/8 1024-65535\n"
	if err := os.WriteFile(dir+"/conf", []byte(config), 0o600); err != nil {
		l.t.Fatal(err)
	}
	l.daemon(&Host{n.Cable}, "miniupnpd", "-d", "-f", dir+"/conf", "-P", dir+"/pid")
}
