//go:build netns && linux

package natlab

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/nat"
)

// Where coturn is, and our own service: each has two addresses (RFC 5780).
var (
	coturns = []string{"203.0.112.12", "203.0.112.13"}
	ours    = []string{"203.0.112.14", "203.0.112.15"}
)

// coturn runs the server that most others have, as a second opinion, once it can be
// asked by the doctor.
func (l *lab) coturn(doctor string) turn {
	l.t.Helper()
	dir := l.t.TempDir()
	l.daemon(l.Server, "turnserver", "-n", "--listening-ip", coturns[0], "--listening-ip", coturns[1], "--relay-ip", coturns[0],
		"--lt-cred-mech", "--user", "lab:lab", "--realm", "lab", "--no-tls", "--no-dtls", "--no-cli",
		"--pidfile", dir+"/pid", "--userdb", dir+"/users", "--log-file", "stdout")
	l.answers(doctor, coturns)
	return turn{coturns[0], "lab", "lab"}
}

// answers waits until a server does.
func (l *lab) answers(doctor string, hosts []string) {
	l.t.Helper()
	for until := time.Now().Add(30 * time.Second); ; { // It has no other sign of being there.
		if _, r := l.check(l.t, doctor, l.Server, hosts); r.UDP.Value == nat.Yes {
			return
		}
		if time.Now().After(until) {
			l.t.Fatalf("%v never answered", hosts)
		}
	}
}

// build builds commands of ours, and tells in which directory they are.
func (l *lab) build(packages ...string) string {
	l.t.Helper()
	dir := l.t.TempDir()
	for _, p := range packages {
		l.do("go", "build", "-o", dir, "github.com/punchback/punchback/"+p)
	}
	return dir
}

// check has the doctor ask servers from a machine, and no router but if told to.
func (l *lab) check(t testing.TB, doctor string, h *Host, hosts []string, flags ...string) (status int, r nat.Report) {
	t.Helper()
	args := append([]string{"-json", "-router", "none"}, flags...)
	for _, host := range hosts {
		args = append(args, net.JoinHostPort(host, "3478"))
	}
	cmd := h.Command(doctor, args...)
	var said words
	cmd.Stderr = &said
	out, _ := cmd.Output() // its status is a finding
	var c struct {
		Status int
		Report nat.Report
	}
	if err := json.Unmarshal(out, &c); err != nil || c.Status != cmd.ProcessState.ExitCode() {
		t.Fatalf("the doctor said %s%v, and its status was %d", out, &said, cmd.ProcessState.ExitCode())
	}
	return c.Status, c.Report
}

// The doctor finds out what each kernel's NAT does, asking our own service and
// asking coturn.
func TestProbe(t *testing.T) {
	t.Parallel()
	l := newLab(t, Wire{RTT: 60 * time.Millisecond})
	bin := l.build("nat/cmd/natcheck", "signaling")
	doctor := bin + "/natcheck"
	type home struct {
		name, kind string // whose report is expected
		host       *Host
		hairpin    nat.Verdict
	}
	var homes []home
	for _, k := range []string{"open", "cone", "addr", "port", "symm", "block", "clash", "noudp"} {
		homes = append(homes, home{k, k, l.Internet.Home(k), nat.No})
	}
	homes = append(homes,
		home{"cone, hairpin", "coneh", l.Internet.Home("coneh"), nat.Yes},
		home{"port, hairpin", "porth", l.Internet.Home("porth"), nat.Yes},
		home{"cone behind a carrier's port", "port", l.Internet.Carrier("port").Home("cone"), nat.No},
		home{"port behind a carrier's cone", "port", l.Internet.Carrier("cone").Home("port"), nat.No},
		home{"port behind a carrier's symm", "symm", l.Internet.Carrier("symm").Home("port"), nat.No},
		home{"cone behind a carrier's block", "block", l.Internet.Carrier("block").Home("cone"), nat.No})
	homes[0].hairpin = nat.Yes // with no NAT to come back through
	l.daemon(l.Server, bin+"/signaling", "-addr", ours[0]+":8080", "-turn", ours[0]+":3478", "-stun2", ours[1], "-proofs", bin+"/proofs.key")
	l.answers(doctor, ours)
	servers := map[string][]string{"ours": ours}
	if _, err := exec.LookPath("turnserver"); err == nil {
		l.coturn(doctor)
		servers["coturn"] = coturns
	} else {
		t.Log("turnserver is not installed: no second opinion")
	}
	var mu sync.Mutex
	lines := map[string]string{}
	t.Run("homes", func(t *testing.T) {
		for _, h := range homes {
			for name, hosts := range servers {
				t.Run(h.name+" asks "+name, func(t *testing.T) {
					t.Parallel()
					var line string
					for try := range 3 { // a machine that is slow may miss an answer
						status, r := l.check(t, doctor, h.host, hosts)
						line = verdict(r)
						want := theory(h.kind)
						wanted := 0
						if h.kind != "noudp" && nat.Between(want, theory("port")).Way != nat.Direct || h.kind == "noudp" {
							wanted = 1
						}
						right := status == wanted && r.UDP.Value == want.UDP.Value && r.Mapping.Value == want.Mapping.Value && r.Filtering.Value == want.Filtering.Value
						if right && h.kind != "noudp" {
							right = r.Hairpin.Value == h.hairpin && (h.kind != "block" || 40000 <= r.Ports.Value.Low && r.Ports.Value.High <= 40511)
						}
						if right {
							break
						}
						if try == 2 {
							t.Errorf("status %d:\n%v", status, r)
						}
					}
					mu.Lock()
					defer mu.Unlock()
					lines[h.name+name] = line
				})
			}
		}
	})
	var text strings.Builder
	fmt.Fprintf(&text, "%-30s %-7s %-28s %-28s %-8s %-9s %s", "", "asks", "mapping", "filtering", "hairpin", "preserves", "ms")
	for _, h := range homes {
		for _, name := range []string{"ours", "coturn"} {
			if line := lines[h.name+name]; line != "" {
				fmt.Fprintf(&text, "\n%-30s %-7s %s", h.name, name, line)
			}
		}
	}
	t.Log(text.String())
}

// verdict is the middle of a report in a line.
func verdict(r nat.Report) string {
	if r.UDP.Value != nat.Yes {
		return fmt.Sprintf("no UDP %*s", 78+len(fmt.Sprint(r.Took.Milliseconds()))-6, fmt.Sprint(r.Took.Milliseconds()))
	}
	return fmt.Sprintf("%-28v %-28v %-8v %-9v %d", r.Mapping.Value, r.Filtering.Value, r.Hairpin.Value, r.Preserves.Value, r.Took.Milliseconds())
}
