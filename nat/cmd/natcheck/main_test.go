package main

import (
	"bytes"
	"encoding/json"
	"net"
	"strings"
	"testing"

	"github.com/pion/turn/v5"

	"github.com/punchback/punchback/nat"
)

// server starts pion's STUN server on a host of this machine.
func server(t *testing.T, host string) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", host+":0")
	if err != nil {
		t.Skip(err)
	}
	s, err := turn.NewServer(turn.ServerConfig{Realm: "test", PacketConnConfigs: []turn.PacketConnConfig{{
		PacketConn: conn, RelayAddressGenerator: &turn.RelayAddressGeneratorNone{Address: host},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return conn.LocalAddr().String()
}

func natcheck(args ...string) (status int, out, err string) {
	var o, e bytes.Buffer
	status = run(append([]string{"-router", "none"}, args...), &o, &e)
	return status, o.String(), e.String()
}

func TestCapable(t *testing.T) {
	a, b := server(t, "127.0.0.1"), server(t, "127.0.0.2")
	status, out, _ := natcheck(a, b)
	t.Logf("\n%s", out)
	if status != capable || !strings.Contains(out, "│ you") || !strings.Contains(out, "Direct links will work") {
		t.Errorf("status %d:\n%s", status, out)
	}
	status, out, _ = natcheck("-json", a, b)
	var c check
	if err := json.Unmarshal([]byte(out), &c); err != nil || c.Status != status || c.Report.UDP.Value != nat.Yes || len(c.Links) != len(nat.Kinds) {
		t.Errorf("%v, %+v", err, c)
	}
}

// silent is a server that answers nothing; with a listener it can be reached by TCP.
func silent(t *testing.T, host string, tcp bool) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", host+":0")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	at := conn.LocalAddr().String()
	if tcp {
		l, err := net.Listen("tcp4", at)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { _ = l.Close() })
	}
	return at
}

func TestBlocked(t *testing.T) {
	status, out, _ := natcheck(silent(t, "127.0.0.1", false), silent(t, "127.0.0.2", false))
	if status != blocked || !strings.Contains(out, "═╳═") {
		t.Errorf("status %d:\n%s", status, out)
	}
	status, out, _ = natcheck(silent(t, "127.0.0.1", true), silent(t, "127.0.0.2", false))
	if status != relayOnly || !strings.Contains(out, "relay by TCP") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestRelayOnly(t *testing.T) {
	c := check{Report: nat.Kinds[4].Report}
	if c.judge(); c.Status != relayOnly || c.plans[home].Way != nat.Birthday {
		t.Errorf("%+v", c)
	}
	c.Report.Nested.Value = nat.Yes
	if s := c.String(); !strings.Contains(s, "second NAT") {
		t.Error(s)
	}
}

// The router is asked while the servers are; one that is silent costs nothing more.
func TestRouter(t *testing.T) {
	a, b := server(t, "127.0.0.1"), server(t, "127.0.0.2")
	status, out, _ := natcheck("-router", "127.0.0.3", a, b)
	if status != capable || !strings.Contains(out, "answers neither PCP nor NAT-PMP") {
		t.Errorf("status %d:\n%s", status, out)
	}
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"nowhere"}, {"host:0"}, {"-router", "somewhere"}} {
		if status, _, err := natcheck(args...); status != misused || err == "" {
			t.Errorf("%q: status %d, %q", args, status, err)
		}
	}
}
