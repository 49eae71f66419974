package nat

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall/js"
	"time"
)

// A page has no UDP socket. What it can see is what ICE gathers for it: a
// candidate of type srflx for each address that a STUN server told (RFC 8445
// section 5.1.1.2), of which the browser shows equal ones once, and an error for
// each server that did not answer.

// gathering is what a browser's ICE has found.
type gathering struct {
	servers []string // as URLs
	hosts   int      // that these are on
	found   []found
	errors  map[string]string // by URL: what the browser says of a server
	whole   bool              // nothing more will come
}

// found is one candidate of ours.
type found struct {
	kind   string         // host, srflx
	at     netip.AddrPort // zero where the browser hides it behind a name (mDNS)
	base   netip.AddrPort // of a srflx; its port is 0 where the browser hides it
	group  string         // the foundation (RFC 8445 section 5.1.1.3): equal for equal bases, in Chromium at least
	server string         // the URL of whoever told it; empty where the browser does not say
}

func probe(ctx context.Context, servers []string) (r Report, err error) {
	defer caught(&err)
	start := time.Now()
	targets, err := parse(servers)
	if err != nil {
		return r, err
	}
	if js.Global().Get("RTCPeerConnection").Type() != js.TypeFunction {
		return r, errors.New("nat: this browser has no WebRTC (RTCPeerConnection), or it is switched off")
	}
	g := &gathering{errors: map[string]string{}}
	urls := js.Global().Get("Array").New()
	hosts := map[string]bool{}
	for _, t := range targets {
		hosts[t.host] = true
		g.hosts = len(hosts)
		g.servers = append(g.servers, "stun:"+strings.TrimPrefix(t.name, "stun:"))
		urls.Call("push", g.servers[len(g.servers)-1])
	}
	server := js.Global().Get("Object").New()
	server.Set("urls", urls)
	list := js.Global().Get("Array").New()
	list.Call("push", server)
	cfg := js.Global().Get("Object").New()
	cfg.Set("iceServers", list)
	pc := js.Global().Get("RTCPeerConnection").New(cfg)
	defer pc.Call("close")

	whole := make(chan struct{})
	on := func(event string, f func(e js.Value)) (off func()) {
		fn := js.FuncOf(func(_ js.Value, args []js.Value) any {
			f(args[0])
			return nil
		})
		pc.Set(event, fn)
		return func() {
			pc.Set(event, js.Null())
			fn.Release()
		}
	}
	defer on("onicecandidate", func(e js.Value) {
		if c := e.Get("candidate"); c.Truthy() && c.Get("candidate").String() != "" {
			if f, ok := parseCandidate(c.Get("candidate").String()); ok {
				f.server = text(c.Get("url"), text(e.Get("url"), ""))
				g.found = append(g.found, f)
			}
		} else if !g.whole {
			g.whole = true
			close(whole)
		}
	})()
	defer on("onicecandidateerror", func(e js.Value) {
		g.errors[text(e.Get("url"), "a server")] = text(e.Get("errorText"), "no answer")
	})()
	pc.Call("createDataChannel", "probe")
	defer promise(pc.Call("createOffer"), func(offer js.Value) js.Value { return pc.Call("setLocalDescription", offer) })()

	late := time.NewTimer(serverTime)
	defer late.Stop()
	select {
	case <-whole:
	case <-late.C:
	case <-ctx.Done():
	}
	r = g.report(ctx.Err() != nil)
	r.Took = time.Since(start)
	if ctx.Err() != nil {
		return r, fmt.Errorf("nat: probe ended early: %w", context.Cause(ctx))
	}
	return r, nil
}

const serverTime = 1100 * time.Millisecond // for all that there is to gather

// promise goes on with then when p is fulfilled; one that is not shows nowhere but
// in that nothing is gathered.
func promise(p js.Value, then func(v js.Value) js.Value) (release func()) {
	yes := js.FuncOf(func(_ js.Value, args []js.Value) any { return then(args[0]) })
	no := js.FuncOf(func(js.Value, []js.Value) any { return nil })
	p.Call("then", yes).Call("catch", no)
	return func() {
		yes.Release()
		no.Release()
	}
}

// caught turns an exception of the browser into an error.
func caught(err *error) {
	if r := recover(); r != nil {
		e, ok := r.(js.Error)
		if !ok {
			panic(r)
		}
		*err = fmt.Errorf("nat: %w", e)
	}
}

func text(v js.Value, other string) string {
	if v.Type() == js.TypeString && v.String() != "" {
		return v.String()
	}
	return other
}

// parseCandidate reads the candidate-attribute of RFC 8839 section 5.1.
func parseCandidate(s string) (f found, ok bool) {
	w := strings.Fields(s)
	if len(w) < 8 || !strings.EqualFold(w[2], "udp") || w[6] != "typ" {
		return f, false
	}
	f.kind, f.group = w[7], w[0]
	f.at = addrPort(w[4], w[5])
	for i := 8; i+1 < len(w); i += 2 {
		switch w[i] {
		case "raddr":
			f.base = addrPort(w[i+1], "0")
		case "rport":
			f.base = netip.AddrPortFrom(f.base.Addr(), addrPort("0.0.0.0", w[i+1]).Port())
		}
	}
	return f, f.kind != "srflx" || f.at.IsValid()
}

func addrPort(ip, port string) netip.AddrPort {
	a, err := netip.ParseAddr(ip)
	n, wrong := strconv.ParseUint(port, 10, 16)
	if err != nil || wrong != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(n))
}

// report concludes from what was gathered. What ICE does not show stays Unknown.
func (g *gathering) report(stopped bool) (r Report) {
	const hidden = "a browser gives a page no socket of its own, so that this can't be looked at"
	r.Filtering.Why, r.Hairpin.Why, r.Mapper.Why, r.Nested.Why, r.Ports.Why = hidden, hidden, hidden, hidden, hidden
	r.Local.Why = "the browser hides the addresses of this machine behind names (mDNS)"
	r.Public.Why, r.Public6.Why, r.Preserves.Why = "no server told one", "no server told one", "no server told a port, or the browser hides ours"
	var told []found // over IPv4
	for _, f := range g.found {
		switch {
		case f.kind == "host" && f.at.Addr().Is4() && !r.Local.Value.IsValid():
			r.Local = Finding[netip.AddrPort]{f.at, "the browser shows it"}
		case f.kind == "srflx" && f.at.Addr().Is4():
			told = append(told, f)
		case f.at.Addr().Is6() && !f.at.Addr().IsPrivate() && f.at.Addr().IsGlobalUnicast() && !r.Public6.Value.IsValid():
			r.Public6 = Finding[netip.AddrPort]{f.at, "the browser shows it as a candidate of type " + f.kind}
		}
	}
	g.judgeUDP(&r, told, stopped)
	if len(told) == 0 {
		r.Varies.Why = "no server told our address"
		r.Mapping.Why = r.Varies.Why
		return r
	}
	first := told[0]
	r.Public = Finding[netip.AddrPort]{first.at, "as " + g.who(first) + " sees us"}
	if first.base.Port() != 0 {
		r.Preserves = Finding[Verdict]{No, fmt.Sprintf("port %d is seen as %d", first.base.Port(), first.at.Port())}
		if first.base.Port() == first.at.Port() {
			r.Preserves.Value = Yes
		}
		if first.base.Addr().IsValid() && !first.base.Addr().IsUnspecified() {
			r.Local = Finding[netip.AddrPort]{first.base, "on the way to " + g.who(first)}
		}
	}
	r.Varies, r.Mapping = g.judgeMapping(told)
	return r
}

func (g *gathering) who(f found) string {
	if f.server != "" {
		return f.server
	}
	return "a server"
}

func (g *gathering) judgeUDP(r *Report, told []found, stopped bool) {
	var silent []string
	for _, s := range g.servers {
		if why, failed := g.errors[s]; failed {
			silent = append(silent, s+": "+why)
		}
	}
	why := strings.Join(silent, "; ")
	switch {
	case len(told) > 0 || slices.ContainsFunc(g.found, func(f found) bool { return f.kind == "srflx" }):
		r.UDP = Finding[Verdict]{Yes, strings.TrimSuffix("a server told our address; "+why, "; ")}
	case stopped:
		r.UDP.Why = "stopped before any server answered"
	case g.whole && len(g.errors) < len(g.servers):
		r.UDP = Finding[Verdict]{Yes, "a server answered, and told no address but our own, so there is no NAT on the way"}
	case len(g.servers) < 2:
		r.UDP.Why = strings.TrimPrefix(why+"; no answer: the fault may be the server's, ask two", "; ")
	default:
		r.UDP = Finding[Verdict]{No, strings.TrimPrefix(why+"; no server answered", "; ")}
	}
}

// judgeMapping compares what servers told of one socket. An address that two of
// them told is shown once; then it counts that nobody was silent.
func (g *gathering) judgeMapping(told []found) (Finding[Verdict], Finding[Behavior]) {
	no := func(why string) (Finding[Verdict], Finding[Behavior]) {
		return Finding[Verdict]{Unknown, why}, Finding[Behavior]{UnknownBehavior, why}
	}
	if g.hosts < 2 {
		return no("one host was asked; it takes two")
	}
	if len(told) > 1 {
		a, b := told[0], told[1]
		if a.base != b.base || a.group != b.group || a.server == "" || a.server == b.server {
			return no("this machine is in several networks, and the browser does not say which address belongs to which")
		}
		why := fmt.Sprintf("%s sees %v and %s sees %v", g.who(a), a.at, g.who(b), b.at)
		return Finding[Verdict]{Yes, why}, Finding[Behavior]{UnknownBehavior, why + "; which kind is not to be seen in a browser"}
	}
	if !g.whole || len(g.errors) > 0 {
		return no(fmt.Sprintf("%v is all that was told, and not every server answered", told[0].at))
	}
	why := fmt.Sprintf("all of %s see %v", strings.Join(g.servers, ", "), told[0].at)
	return Finding[Verdict]{No, why}, Finding[Behavior]{EndpointIndependent, why}
}
