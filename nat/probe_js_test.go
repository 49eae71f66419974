package nat_test

import (
	"context"
	"net/netip"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/punchback/punchback/nat"
)

// browser is a page's RTCPeerConnection that says what a test wants it to.
func browser(t *testing.T, events ...any) (closed func() bool) {
	t.Helper()
	shut := false
	var funcs []js.Func
	fn := func(f func(this js.Value, args []js.Value) any) js.Func {
		v := js.FuncOf(f)
		funcs = append(funcs, v)
		return v
	}
	promise := js.Global().Get("Promise")
	made := fn(func(this js.Value, _ []js.Value) any {
		this.Set("createDataChannel", fn(func(js.Value, []js.Value) any { return nil }))
		this.Set("createOffer", fn(func(js.Value, []js.Value) any { return promise.Call("resolve", "an offer") }))
		this.Set("close", fn(func(js.Value, []js.Value) any { shut = true; return nil }))
		this.Set("setLocalDescription", fn(func(this js.Value, _ []js.Value) any {
			for _, e := range events {
				e := e.(map[string]any)
				name := e["on"].(string)
				delete(e, "on")
				this.Call(name, js.ValueOf(e))
			}
			return promise.Call("resolve")
		}))
		return nil
	})
	js.Global().Set("RTCPeerConnection", made)
	t.Cleanup(func() {
		js.Global().Delete("RTCPeerConnection")
		for _, f := range funcs {
			f.Release()
		}
	})
	return func() bool { return shut }
}

func candidate(text, server string) any {
	c := map[string]any{"candidate": text}
	if server != "" {
		c["url"] = server
	}
	return map[string]any{"on": "onicecandidate", "candidate": c}
}

func silent(server string) any {
	return map[string]any{"on": "onicecandidateerror", "url": server, "errorText": "STUN binding request timed out."}
}

func whole() any { return map[string]any{"on": "onicecandidate", "candidate": nil} }

const (
	one    = "stun:a.example:3478"
	two    = "stun:b.example:3478"
	hidden = "candidate:1 1 udp 2113937151 4a1b8c3e-0000.local 50000 typ host generation 0"
)

func srflx(group, at, base string) string {
	ip, port, _ := strings.Cut(at, ":")
	raddr, rport, _ := strings.Cut(base, ":")
	return "candidate:" + group + " 1 udp 1677729535 " + ip + " " + port + " typ srflx raddr " + raddr + " rport " + rport + " generation 0"
}

func TestWhatABrowserShows(t *testing.T) {
	for _, c := range []struct {
		name      string
		events    []any
		udp       nat.Verdict
		varies    nat.Verdict
		preserves nat.Verdict
		public    string
		why       string // in the evidence of Varies
	}{
		{"one address for two servers", []any{candidate(hidden, ""), candidate(srflx("2", "203.0.113.5:4711", "0.0.0.0:0"), one), whole()},
			nat.Yes, nat.No, nat.Unknown, "203.0.113.5:4711", "all of"},
		{"another for each", []any{candidate(srflx("2", "203.0.113.5:4711", "0.0.0.0:0"), one), candidate(srflx("2", "203.0.113.5:4712", "0.0.0.0:0"), two), whole()},
			nat.Yes, nat.Yes, nat.Unknown, "203.0.113.5:4711", "sees 203.0.113.5:4712"},
		{"ports that the browser shows", []any{candidate(srflx("2", "203.0.113.5:4711", "192.168.1.2:4711"), one), whole()},
			nat.Yes, nat.No, nat.Yes, "203.0.113.5:4711", "all of"},
		{"two networks", []any{candidate(srflx("2", "203.0.113.5:4711", "0.0.0.0:0"), one), candidate(srflx("3", "198.51.100.7:4712", "0.0.0.0:0"), two), whole()},
			nat.Yes, nat.Unknown, nat.Unknown, "203.0.113.5:4711", "several networks"},
		{"one server is silent", []any{candidate(srflx("2", "203.0.113.5:4711", "0.0.0.0:0"), one), silent(two), whole()},
			nat.Yes, nat.Unknown, nat.Unknown, "203.0.113.5:4711", "not every server"},
		{"both are", []any{candidate(hidden, ""), silent(one), silent(two), whole()},
			nat.No, nat.Unknown, nat.Unknown, "", "no server told"},
		{"no NAT", []any{candidate(hidden, ""), whole()},
			nat.Yes, nat.Unknown, nat.Unknown, "", "no server told"},
		{"junk", []any{candidate("candidate:", one), candidate(srflx("2", "203.0.113.5:471199", "x:y"), one), silent(one), silent(two), whole()},
			nat.No, nat.Unknown, nat.Unknown, "", "no server told"},
	} {
		t.Run(c.name, func(t *testing.T) {
			closed := browser(t, c.events...)
			r, err := nat.Probe(t.Context(), "a.example:3478", two)
			if err != nil {
				t.Fatal(err)
			}
			public, _ := netip.ParseAddrPort(c.public)
			if r.UDP.Value != c.udp || r.Varies.Value != c.varies || r.Preserves.Value != c.preserves || r.Public.Value != public || !strings.Contains(r.Varies.Why, c.why) {
				t.Errorf("%v", r)
			}
			if r.UDP.Why == "" || r.Filtering.Why == "" || r.Hairpin.Why == "" || r.Mapping.Why == "" {
				t.Errorf("a verdict without evidence: %v", r)
			}
			if !closed() {
				t.Error("the connection stays open")
			}
		})
	}
}

func TestAPageThatIsStopped(t *testing.T) {
	closed := browser(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	r, err := nat.Probe(ctx, one, two)
	if err == nil || r.UDP.Value != nat.Unknown || !closed() {
		t.Errorf("%v, %v", r, err)
	}
}

func TestABrowserWithoutWebRTC(t *testing.T) {
	if _, err := nat.Probe(t.Context(), one); err == nil || !strings.Contains(err.Error(), "no WebRTC") {
		t.Errorf("%v", err)
	}
}
