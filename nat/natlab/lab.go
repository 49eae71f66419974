//go:build linux

package natlab

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// Lab is a small internet. It goes away with its test.
type Lab struct {
	// Internet is the outermost network. It has no NAT, and each machine or router
	// in it has a wire of its own to the middle.
	Internet *Network
	// Server is a machine in that middle, where no wire delays anything. Its ten
	// addresses are Server.Addr and the nine after it; that is for a STUN server,
	// which needs two (RFC 5780), and for several servers with the same port.
	Server *Host

	t    testing.TB
	tag  string // begins the names of all namespaces
	wire *wire
	nets int // routers and players, so far
	ends int // wires, so far
}

// New makes an internet without homes. The test is skipped where that needs
// something that the machine lacks.
func New(t testing.TB, w Wire) *Lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	for _, tool := range []string{"ip", "nft", "ethtool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	if err := w.check(); err != nil {
		t.Fatal(err)
	}
	if _, err := broom(); err != nil {
		t.Fatalf("natlab: nothing would clean up: %v", err)
	}
	l := &Lab{t: t, tag: fmt.Sprintf("%s%d-", prefix(), labs.Add(1))}
	t.Cleanup(func() {
		if l.wire != nil {
			l.wire.close()
		}
		if out, err := exec.Command("sh", "-c", sweep, l.tag).CombinedOutput(); err != nil {
			t.Errorf("natlab: namespaces %s*: %v: %s", l.tag, err, out)
		}
	})
	l.Internet = &Network{Cable: Cable{lab: l}}
	l.Server = &Host{Cable{Addr: netip.MustParseAddr("203.0.112.10"), lab: l, space: "pub"}}
	l.space("pub")
	l.space("wire")
	l.wire = &wire{Wire: w, space: l.tag + "wire"}
	// What is for addresses of nobody's has a way, too, or a server would fail to send there.
	l.run("pub", `ip link add br0 type bridge; ip addr add 203.0.112.1/24 dev br0; ip link set br0 up; ip route add default via 203.0.112.254`)
	for i := range 10 {
		l.run("pub", fmt.Sprintf("ip addr add 203.0.112.%d/24 dev br0", 10+i))
	}
	return l
}

// labs numbers those of this process.
var labs atomic.Int32

// prefix begins the names of all namespaces of this process.
func prefix() string { return fmt.Sprintf("pb-%d-", os.Getpid()) }

// sweep removes namespaces whose names begin with $0, and whatever still runs in
// them; their links go with them.
const sweep = `bad=0
for s in /run/netns/"$0"*; do
	[ -e "$s" ] || continue
	s=${s##*/}
	for p in $(ip netns pids "$s"); do kill -9 "$p" 2>/dev/null; done
	ip netns del "$s" || bad=1
done
exit $bad`

// broom starts the process that sweeps when the tests have ended, however they did:
// the input of it, which is kept here, ends with this process.
var broom = sync.OnceValues(func() (input io.Closer, err error) {
	cmd := exec.Command("sh", "-c", "cat >/dev/null\n"+sweep, prefix())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // and no ^C is for it
	if input, err = cmd.StdinPipe(); err == nil {
		err = cmd.Start()
	}
	return input, err
})

// space makes a namespace.
func (l *Lab) space(name string) {
	l.t.Helper()
	if out, err := exec.Command("ip", "netns", "add", l.tag+name).CombinedOutput(); err != nil {
		l.t.Skipf("no network namespaces here: %v: %s", err, out)
	}
	// A bridge is but a switch: what goes through it is nothing for the rules of routers.
	l.run(name, `ip link set lo up
for f in ipv6/conf/all/disable_ipv6=1 bridge/bridge-nf-call-iptables=0; do echo ${f#*=} 2>/dev/null >/proc/sys/net/${f%=*} || true; done`)
}

// run runs a script in a namespace.
func (l *Lab) run(space, script string) {
	l.t.Helper()
	l.do("ip", "netns", "exec", l.tag+space, "sh", "-ec", script)
}

func (l *Lab) do(name string, args ...string) {
	l.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("natlab: %s: %v: %s", strings.Join(args, " "), err, out)
	}
}
