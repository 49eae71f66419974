//go:build netns && linux

package natlab

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// dual is where the relay is that has both families: at the first addresses of its
// machine, from which it answers whatever was asked.
var dual = [2]string{"203.0.112.1", "2001:db8::1"}

const dualPort = "3490"

// Whoever has IPv4 alone and whoever has IPv6 alone meet, by a relay that has both, whoever
// offers: ours, and coturn.
func TestFourAndSix(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/sys/net/ipv6"); err != nil {
		t.Skip("this kernel has no IPv6")
	}
	l := newLab(t, Wire{RTT: 60 * time.Millisecond})
	four, sixes := l.Internet.Home("port"), [2]*Host{}
	for i := range sixes {
		n := l.Internet.Router("port")
		sixes[i] = n.Host()
		l.six(n, sixes[i])
		l.run(sixes[i].space, "ip -4 addr flush dev eth0")
	}
	m := l.start(t, l.Server, "dual").next("ready")
	relays := map[string][2]turn{"ours": {{dual[0] + ":" + dualPort, m.User, m.Pass}, {"[" + dual[1] + "]:" + dualPort, m.User, m.Pass}}}
	if _, err := exec.LookPath("turnserver"); err == nil {
		relays["coturn"] = l.coturnOfBoth()
	}
	for name, by := range relays {
		for _, c := range []struct {
			name string
			a, b *Host
			by   [2]turn
			want string
		}{
			{"four offers", four, sixes[0], by, "relay"},
			{"six offers", sixes[0], four, [2]turn{by[1], by[0]}, "relay"},
			{"six and six", sixes[0], sixes[1], [2]turn{by[1], by[1]}, "direct"},
		} {
			t.Run(name+": "+c.name, func(t *testing.T) {
				_, ends := l.linkBy(t, "ours", c.a, c.b, c.by)
				t.Logf("open after %v and %v: %s; %s", ends[0].Connect, ends[1].Connect, ends[0].Reason, ends[1].Reason)
				for i := range ends {
					if ends[i].Path != c.want || c.want == "relay" && !strings.Contains(ends[i].Reason, "IPv4 alone") {
						t.Errorf("end %d: %s; want %s, and why", i, ends[i].Reason, c.want)
					}
				}
			})
		}
	}
}

// coturnOfBoth runs coturn at one address of each family, from which it relays.
func (l *lab) coturnOfBoth() (by [2]turn) {
	l.t.Helper()
	const v4, v6 = "203.0.112.15", "2001:db8::15"
	l.run("pub", "ip addr add "+v6+"/64 dev br0 nodad")
	dir := l.t.TempDir()
	l.daemon(l.Server, "turnserver", "-n", "--listening-ip", v4, "--listening-ip", v6, "--relay-ip", v4, "--relay-ip", v6,
		"--lt-cred-mech", "--user", "lab:lab", "--realm", "lab", "--no-tls", "--no-dtls", "--no-cli",
		"--pidfile", dir+"/pid", "--userdb", dir+"/users", "--log-file", "stdout")
	l.answers(l.build("nat/cmd/natcheck")+"/natcheck", []string{v4})
	return [2]turn{{v4, "lab", "lab"}, {"[" + v6 + "]:3478", "lab", "lab"}}
}
