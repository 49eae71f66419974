package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/punchback/punchback/nat"
	"github.com/punchback/punchback/nat/trace"
)

// advice says what to do about each cause of nat/punch, by its name. What the
// cause means is said by the trace itself.
var advice = map[string]string{
	"no answer":       "See whether the other player was still there and what its own trace says. If both were there, the signaling server does not carry signals between them: look at its log.",
	"no candidates":   "One end has no network, or shows only relays and has none: start the signaling server with -turn, or leave RelayOnly out.",
	"no UDP":          "A firewall drops UDP. Give players a relay that is reached by TCP (signaling -turn, with TCP open at its port), and see that the client can reach it.",
	"relay refused":   "See whether the relay knows the credentials that the signaling server gives out, and whether the clocks of the two agree.",
	"relay quota":     "The relay's limits are used up: raise -relay-total of the signaling server, or find out why so much is relayed.",
	"checks failed":   "Only a relay helps here: start the signaling server with -turn, and open its port and its range of relayed ports, by UDP and TCP. PortMap and Birthday link some such pairs directly. Run natcheck at both ends.",
	"DTLS failed":     "Small packets come through and longer ones do not (an MTU, a VPN), or something in between answers for the other end. Try another network, or RelayOnly.",
	"channels failed": "See whether both ends have the same version of this module.",
	"path lost":       "The other end crashed, slept or lost its network: its own trace tells. If it happens after the same time again and again, a NAT or firewall forgets the link.",
	"unacknowledged":  "One end did not read its messages, or packets go one way only. See whether the game stood still there.",
	"closed by them":  "The other end closed the link on purpose: its own trace tells why.",
	"hostile":         "See whether both ends have the same build and version. If they have, somebody is playing with a modified client.",
	"unsupported":     "This browser or machine makes no WebRTC links: it is switched off, blocked by an extension, or not there.",
}

// refused says what to do about each code of a room that is over.
var refused = map[string]string{
	"full":    "More players came than the room takes: see players=, or let them make a room of their own.",
	"playing": "The room is in a match. Options.Late lets newcomers in.",
	"build":   "The two have different builds of the game. Reload the page, or update the game.",
	"version": "The server and the game have different versions of the protocol: update the older one.",
	"origin":  "Start the signaling server with -origin and the address of the page.",
	"room":    "The code is wrong, or the room is full, locked, playing, over or of another build.",
	"locked":  "The leader of the room has locked it.",
	"kicked":  "The leader of the room has put this player out.",
	"refused": "The server says why; its log tells more.",
	"server":  "See whether the signaling server runs, whether its name and port are right, and whether a proxy in front of it passes WebSockets on. A page on https needs wss.",
}

// pair is what the trace tells of one other player, of the last try.
type pair struct {
	peer, tries int
	last        trace.Event // of Open, Path, Moved, Silent, Audible and Closed
	opened      bool        // in this try,
	was         bool        // and in one before
	path        trace.Event
	state       string // of ICE
	dtls        bool
	attempt     int
	here, there []shown
	denied      int
	names       int // that were not found
	heard       bool
	sealed      bool
	left        bool
}

// shown is a candidate, and of which attempt.
type shown struct {
	*trace.Candidate
	attempt int
}

// pairs are the others, in order of their numbers.
func pairs(t *trace.Trace) []*pair {
	var all []*pair
	for i := range t.Events {
		e := &t.Events[i]
		if e.Peer == 0 {
			continue
		}
		k := slices.IndexFunc(all, func(p *pair) bool { return p.peer == e.Peer })
		if k < 0 {
			k, all = len(all), append(all, &pair{peer: e.Peer})
		}
		all[k].add(e)
	}
	slices.SortFunc(all, func(a, b *pair) int { return cmp.Compare(a.peer, b.peer) })
	return all
}

func (p *pair) add(e *trace.Event) {
	switch e.Kind {
	case trace.Link:
		*p = pair{peer: p.peer, tries: max(e.Try, min(p.tries+1, 1<<20)), was: p.was || p.opened, sealed: p.sealed}
	case trace.Attempt:
		p.attempt++
	case trace.Found:
		if e.Here != nil {
			p.here = append(p.here, shown{e.Here, p.attempt})
		} else if e.There != nil {
			p.there = append(p.there, shown{e.There, p.attempt})
		}
	case trace.Heard:
		p.heard = true
	case trace.ICE:
		p.state = e.Word
	case trace.DTLS:
		p.dtls = p.dtls || e.Word == "done"
	case trace.Denied:
		p.denied = e.N
	case trace.Name:
		if e.Word == "unknown" {
			p.names++
		}
	case trace.Sealed:
		p.sealed = true
	case trace.Left:
		p.left = true
	case trace.Path:
		p.path = *e
	case trace.Open, trace.Moved, trace.Silent, trace.Audible, trace.Closed:
		p.last = *e
		p.opened = p.opened || e.Kind == trace.Open
	}
}

// verdict is the end of the story.
func verdict(t *trace.Trace) string {
	var b strings.Builder
	welcome := slices.ContainsFunc(t.Events, func(e trace.Event) bool { return e.Kind == trace.Welcome })
	if !welcome {
		b.WriteString("This machine never got into the room.\n")
	}
	all := pairs(t)
	if welcome && len(all) == 0 {
		b.WriteString("Nobody else was in the room.\n")
	}
	for _, p := range all {
		p.describe(&b)
	}
	ended(&b, t)
	return b.String()
}

// ended tells what became of the room.
func ended(b *strings.Builder, t *trace.Trace) {
	var server trace.Event
	for _, e := range t.Events {
		switch e.Kind {
		case trace.Down, trace.Welcome:
			server = e
		case trace.Over:
			if e.Word == "closed" {
				continue
			}
			server = trace.Event{}
			switch {
			case e.Text == "":
				fmt.Fprintf(b, "The room is over (%s).\n", e.Word)
			default:
				fmt.Fprintf(b, "The room is over (%s): %s.\n", e.Word, e.Text)
			}
			if do := refused[e.Word]; do != "" {
				fmt.Fprintf(b, "  Advice: %s\n", do)
			}
		}
	}
	if server.Kind == trace.Down {
		fmt.Fprintf(b, "The server is not connected: %s.\n  Advice: %s\n", server.Text, refused["server"])
	}
}

func (p *pair) describe(b *strings.Builder) {
	fmt.Fprintf(b, "p%d: ", p.peer)
	if p.was && !p.opened {
		b.WriteString("was linked before; now ")
	}
	c := &p.last
	switch {
	case c.Kind == trace.Closed && c.Word == "" && c.Text == "" && p.opened:
		fmt.Fprintf(b, "linked%s, until this end closed it.\n", p.by())
		return
	case c.Kind == trace.Closed && c.Word == "closed by them":
		fmt.Fprintf(b, "linked%s, until the other end closed it.\n", p.by())
		return
	case c.Kind == trace.Closed && c.Word == "" && c.Text == "":
		fmt.Fprintf(b, "not linked, given up by this end while %s.\n", p.phase())
	case c.Kind == trace.Closed && p.opened:
		fmt.Fprintf(b, "was linked%s, and lost the link. %s.\n", p.by(), p.why())
	case c.Kind == trace.Closed:
		fmt.Fprintf(b, "no link, in %s; it ended while %s. %s.\n", countTries(p.tries), p.phase(), p.why())
	case c.Kind == trace.Silent:
		fmt.Fprintf(b, "linked%s, but nothing is heard any more.\n", p.by())
	case p.opened:
		fmt.Fprintf(b, "linked%s.\n", p.by())
		return
	case p.tries == 0 && p.left:
		b.WriteString("left before linking began.\n")
		return
	case p.tries == 0:
		b.WriteString("linking did not begin.\n")
		return
	default:
		fmt.Fprintf(b, "not linked yet, while %s.\n", p.phase())
	}
	for _, s := range p.evidence() {
		fmt.Fprintf(b, "  %s.\n", s)
	}
	if p.sealed {
		b.WriteString("  Advice: Let both come by the same link: the part after # is the secret, and it was not the same.\n")
	} else if do := advice[c.Word]; do != "" {
		fmt.Fprintf(b, "  Advice: %s\n", do)
	}
}

func countTries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

// by tells by which way the link went.
func (p *pair) by() string {
	switch {
	case p.path.Word == "relay" && p.path.Text != "":
		return " by a relay, since " + p.path.Text
	case p.path.Word == "relay":
		return " by a relay"
	case p.path.Word == "direct":
		return " directly"
	}
	return ""
}

func (p *pair) why() string {
	switch c := &p.last; {
	case c.Word == "":
		return sentenceCase(c.Text)
	case c.Text == "":
		return sentenceCase(c.Word)
	case strings.HasPrefix(c.Text, c.Word):
		return sentenceCase(c.Text)
	default:
		return sentenceCase(c.Word) + ": " + c.Text
	}
}

func sentenceCase(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// phase is how far the last try came.
func (p *pair) phase() string {
	switch {
	case p.dtls:
		return "opening channels"
	case p.state == "connected":
		return "doing the DTLS handshake"
	case p.heard:
		return "checking pairs of addresses"
	}
	return "exchanging signals"
}

// evidence is what speaks for a reason.
func (p *pair) evidence() (list []string) {
	if p.heard {
		list = append(list, "This end showed "+kinds(p.here)+"; the other end showed "+kinds(p.there))
	}
	hard := [2]bool{symmetric(p.here), symmetric(p.there)}
	for i, where := range []string{"here", "at the other end"} {
		if hard[i] {
			list = append(list, "The NAT "+where+" looks symmetric: it gives each destination another port")
		}
	}
	reach := func(kind string) (here, there bool) { return some(p.here, kind), some(p.there, kind) }
	natHere, natThere := reach("srflx")
	relayHere, relayThere := reach("relay")
	switch plan := nat.Between(report(p.here, hard[0]), report(p.there, hard[1])); {
	case !p.heard || p.last.Word != "checks failed":
	case plan.Way == nat.Relayed:
		list = append(list, "In theory only a relay links the two, since "+plan.Why)
	case shared(p.here, p.there):
		list = append(list, "Both ends have the same public address: they are behind one router, which may keep its guests from one another")
	case natHere && natThere && !hard[0] && !hard[1]:
		list = append(list, "UDP works at both ends, since both know their public addresses. That nothing came through is mostly the work of a symmetric NAT, a carrier's or an office's, at one end at least")
	}
	switch {
	case p.last.Word != "checks failed":
	case relayHere || relayThere:
		list = append(list, "There was a relay, and nothing came through it: see whether its range of UDP ports is open")
	case p.denied == 0:
		list = append(list, "No relay was there to fall back on")
	}
	if p.names > 0 {
		list = append(list, "Addresses behind names in .local were not found: multicast DNS does not come through, as in many guest networks")
	}
	if p.denied > 0 {
		list = append(list, fmt.Sprintf("A relay answered with error %d", p.denied))
	}
	return list
}

func some(cs []shown, kind string) bool {
	return slices.ContainsFunc(cs, func(c shown) bool { return c.Type == kind })
}

// kinds counts addresses, each once however many attempts there were: "addresses:
// 2 of its own, 1 on a relay".
func kinds(cs []shown) string {
	var parts []string
	for _, k := range []struct{ kind, name string }{{"host", "of its own"}, {"srflx", "given by a NAT"}, {"prflx", "seen by the other end"}, {"relay", "on a relay"}} {
		hosts := map[string]bool{}
		for _, c := range cs {
			if c.Type == k.kind {
				hosts[c.Host] = true
			}
		}
		if len(hosts) > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", len(hosts), k.name))
		}
	}
	if len(parts) == 0 {
		return "no address"
	}
	return "addresses: " + strings.Join(parts, ", ")
}

// symmetric reports whether two servers were shown different ports of one socket.
func symmetric(cs []shown) bool {
	for i, a := range cs {
		for _, b := range cs[:i] {
			if a.Type == "srflx" && b.Type == "srflx" && a.attempt == b.attempt && a.Base == b.Base && a.Host == b.Host && a.Port != b.Port {
				return true
			}
		}
	}
	return false
}

// shared reports whether both ends were given one address by their NATs.
func shared(here, there []shown) bool {
	for _, a := range here {
		for _, b := range there {
			if a.Type == "srflx" && b.Type == "srflx" && a.Host == b.Host {
				return true
			}
		}
	}
	return false
}

// report is what candidates prove of an end's network.
func report(cs []shown, hard bool) (r nat.Report) {
	if some(cs, "srflx") {
		r.UDP.Value = nat.Yes
	}
	if hard {
		r.Varies.Value = nat.Yes
	}
	return r
}
