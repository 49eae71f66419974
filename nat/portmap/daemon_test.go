//go:build netns && linux

package portmap

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// daemons are what miniupnpd is told to speak, and what is found of it then.
var daemons = []struct{ name, pmp, upnp string }{{"PCP and NAT-PMP", "yes", "no"}, {"UPnP", "no", "yes"}, {"all", "yes", "yes"}}

// TestDaemon asks a real miniupnpd, from a namespace behind the one it runs in, and
// sends to the port from a third. It runs itself again inside, since a namespace
// belongs to a thread.
func TestDaemon(t *testing.T) {
	if name := os.Getenv("PORTMAP_INSIDE"); name != "" {
		inside(t, name)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	for _, tool := range []string{"ip", "nft", "miniupnpd", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing", tool)
		}
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	gw, lan, pub := fmt.Sprintf("pb-gw-%d", os.Getpid()), fmt.Sprintf("pb-lan-%d", os.Getpid()), fmt.Sprintf("pb-pub-%d", os.Getpid())
	for _, ns := range []string{gw, lan, pub} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			t.Skipf("no network namespaces here: %v: %s", err, out)
		}
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
		run("ip", "-n", ns, "link", "set", "lo", "up")
	}
	run("ip", "-n", gw, "link", "add", "lan0", "type", "veth", "peer", "name", "eth0", "netns", lan)
	run("ip", "-n", gw, "link", "add", "wan0", "type", "veth", "peer", "name", "eth0", "netns", pub)
	// miniupnpd wants a public address, so one that is nobody's but in the namespace.
	for _, a := range [][3]string{{gw, "wan0", "203.0.112.1/24"}, {gw, "lan0", "192.168.77.1/24"}, {lan, "eth0", "192.168.77.2/24"}, {pub, "eth0", "203.0.112.2/24"}} {
		run("ip", "-n", a[0], "addr", "add", a[2], "dev", a[1])
		run("ip", "-n", a[0], "link", "set", a[1], "up")
	}
	run("ip", "-n", lan, "route", "add", "default", "via", "192.168.77.1")
	run("ip", "netns", "exec", gw, "bash", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	run("ip", "netns", "exec", gw, "nft", "add table inet filter; add chain inet filter forward { type filter hook forward priority 0; }; add chain inet filter miniupnpd; add chain inet filter prerouting { type nat hook prerouting priority -100; }; add chain inet filter postrouting { type nat hook postrouting priority 100; }; add chain inet filter prerouting_miniupnpd; add chain inet filter postrouting_miniupnpd; add rule inet filter prerouting jump prerouting_miniupnpd")
	for _, d := range daemons {
		t.Run(d.name, func(t *testing.T) {
			config := filepath.Join(t.TempDir(), "conf")
			text := "ext_ifname=wan0\nlistening_ip=lan0\nport=0\nenable_natpmp=" + d.pmp + "\nenable_upnp=" + d.upnp + "\nsecure_mode=yes\nmin_lifetime=1\nmax_lifetime=3600\n" +
				"upnp_table_name=filter\nupnp_nat_table_name=filter\nupnp_forward_chain=miniupnpd\nupnp_nat_chain=prerouting_miniupnpd\nupnp_nat_postrouting_chain=postrouting_miniupnpd\n" +
				"uuid=00000000-0000-0000-0000-000000000001\nallow 1024-65535 192.168.77.0/24 1024-65535\n"
			if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			daemon := exec.Command("ip", "netns", "exec", gw, "miniupnpd", "-d", "-f", config, "-P", filepath.Join(t.TempDir(), "pid"))
			daemon.Stdout, daemon.Stderr = &log, &log
			if err := daemon.Start(); err != nil {
				t.Fatal(err)
			}
			again := exec.Command("ip", "netns", "exec", lan, os.Args[0], "-test.run", "^TestDaemon$", "-test.v")
			again.Env = append(os.Environ(), "PORTMAP_INSIDE="+d.name, "PORTMAP_OUTSIDE="+pub)
			out, err := again.CombinedOutput()
			rules, _ := exec.Command("ip", "netns", "exec", gw, "nft", "list", "ruleset").CombinedOutput()
			_ = daemon.Process.Kill()
			_ = daemon.Wait()
			t.Logf("%s", out)
			if err != nil {
				t.Fatalf("%v\n%s", err, log.String())
			}
			if strings.Contains(string(rules), "dnat") {
				t.Errorf("a mapping was left over:\n%s", rules)
			}
		})
	}
}

func inside(t *testing.T, name string) {
	router, err := gateway()
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(router, 5351)
	var r Report
	want := Report{at, name != "UPnP", name != "UPnP", name != "PCP and NAT-PMP", netip.MustParseAddr("203.0.112.1")}
	for until := time.Now().Add(30 * time.Second); r != want; time.Sleep(20 * time.Millisecond) { // The daemon has no other sign of being there.
		if r, err = Find(t.Context(), at); time.Now().After(until) {
			t.Fatalf("found %+v, %v; want %+v", r, err, want)
		}
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{Port: 40000})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 5 {
		begun := time.Now()
		m, err := Map(t.Context(), Request{Port: 40000})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v by %v after %.1f ms", m.External(), m.Protocol(), float64(time.Since(begun).Microseconds())/1000)
		if m.External().Addr() != r.External || m.Protocol() == None || name == "UPnP" && m.Protocol() != UPnP || m.Nested() {
			t.Errorf("%v by %v", m.External(), m.Protocol())
		}
		knock := fmt.Sprintf("echo hello >/dev/udp/%v/%d", m.External().Addr(), m.External().Port())
		if out, err := exec.Command("ip", "netns", "exec", os.Getenv("PORTMAP_OUTSIDE"), "bash", "-c", knock).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, from, err := conn.ReadFromUDP(make([]byte, 100)); err != nil || from.IP.String() != "203.0.112.2" {
			t.Errorf("%v came in, %v", from, err)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
