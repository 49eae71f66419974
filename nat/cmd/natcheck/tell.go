package main

import (
	"fmt"
	"strings"

	"github.com/punchback/punchback/nat/trace"
)

// sentences are those of the kinds of events, as far as a Word decides no more
// than a word of them. %[1]s is the Word, %[2]d is N.
var sentences = map[trace.Kind]string{
	trace.Came:      "is in the room",
	trace.Left:      "has left the room",
	trace.Away:      "has lost the server",
	trace.Back:      "has found the server again",
	trace.Sealed:    "what it signals is sealed with another secret, or with none, and is not understood",
	trace.Match:     "a match of %[2]d machines begins",
	trace.End:       "this machine is out of the match",
	trace.Attempt:   "a connection is tried (%[1]s)",
	trace.Name:      "an address behind a name in .local is %[1]s",
	trace.Birthday:  "guessing ports: %[1]s",
	trace.Unreached: "this player could not be linked in %[2]d tries; more follow",
	trace.Link:      "linking begins; this end %[1]s",
	trace.Said:      "our %[1]s goes out",
	trace.Heard:     "their %[1]s has come",
	trace.ICE:       "the checks of address pairs are %[1]s",
	trace.DTLS:      "the DTLS handshake is %[1]s",
	trace.Denied:    "a relay does not let us in: error %[2]d",
	trace.Moved:     "the link has gone over to another path",
	trace.Network:   "this machine has other addresses than before",
	trace.Silent:    "nothing has been heard for %[2]d ms; another path is looked for",
	trace.Audible:   "it is heard again, on the path that there was",
}

// words are the sentences for one Word of a kind.
var words = map[trace.Kind]map[string]string{
	trace.Attempt: {
		"first": "a connection is tried", "again": "another connection is tried", "direct": "a direct connection is tried beside the one that there is",
		"guessed": "a connection by the ports that were guessed is tried",
	},
	trace.Name:     {"known": "an address behind a name in .local was found", "unknown": "an address behind a name in .local was not found: multicast DNS does not reach it"},
	trace.Birthday: {"begun": "a round of guessing ports begins", "met": "a guessed port was right"},
	trace.ICE:      {"checking": "pairs of addresses are checked", "connected": "a pair of addresses works", "failed": "no pair of addresses works", "disconnected": "the checks are not answered any more"},
	trace.DTLS:     {"done": "the DTLS handshake is done", "failed": "the DTLS handshake has failed"},
}

// sentence tells one event.
func sentence(e *trace.Event) string {
	if s := words[e.Kind][e.Word]; s != "" {
		return s
	}
	if s := sentences[e.Kind]; s != "" {
		// Both are used in no order, or not at all.
		return strings.NewReplacer("%[1]s", e.Word, "%[2]d", fmt.Sprint(e.N)).Replace(s)
	}
	switch e.Kind {
	case trace.Join:
		return "asks " + e.Text + " for a room: " + strings.Join(e.List, ", ")
	case trace.Ended:
		return "the match has ended: " + e.Text
	case trace.Down:
		return "the server is not connected: " + e.Text
	case trace.Welcome:
		return fmt.Sprintf("the server is connected and lets this machine in, as p%d", e.N)
	case trace.Servers:
		return "the server names " + strings.Join(e.List, ", ")
	case trace.Over:
		return strings.TrimSuffix(fmt.Sprintf("the room is over (%s): %s", e.Word, e.Text), ": ")
	case trace.Found:
		if e.Here != nil {
			return "found here: " + candidate(e.Here)
		}
		return "told by the other end: " + candidate(e.There)
	case trace.Port:
		if e.Word == "open" {
			return "the router has opened a port"
		}
		return "the router opens no port: " + e.Text
	case trace.Open:
		return fmt.Sprintf("open after %d ms%s%s", e.N, phases(e.Phases), signals(e.Signals))
	case trace.Path:
		s := fmt.Sprintf("the path is %s, from %s to %s", e.Word, candidate(e.Here), candidate(e.There))
		if e.N > 0 {
			s += fmt.Sprintf(", round trip %d ms", e.N)
		}
		if e.Text != "" {
			s += "; not direct, since " + e.Text
		}
		return s
	case trace.Closed:
		if e.Word == "" && e.Text == "" {
			return "closed by this end" + signals(e.Signals)
		}
		s := e.Text
		if e.Word != "" && !strings.HasPrefix(e.Text, e.Word) {
			s = e.Word + ": " + s
		}
		return "no link any more; " + s + signals(e.Signals)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s (a kind of event that this natcheck does not know)", e.Kind, e.Word, e.Text))
}

// types are the types of candidates.
var types = map[string]string{
	"host": "its own address", "srflx": "address given by a NAT", "prflx": "address seen by the other end", "relay": "address on a relay",
}

func candidate(c *trace.Candidate) string {
	if c == nil {
		return "an address that is not told"
	}
	host := c.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	s := fmt.Sprintf("%s:%d/%s", host, c.Port, c.Proto)
	if c.Base > 0 {
		s += fmt.Sprintf(" for port %d", c.Base)
	}
	if t := types[c.Type]; t != "" {
		return s + " (" + t + ")"
	}
	return s + " (" + c.Type + ")"
}

func phases(p *trace.Phases) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf(" (signals %d, checks %d, DTLS %d, channels %d; the last address was found after %d)", p.Signal, p.Check, p.DTLS, p.Open, p.Gather)
}

func signals(s *trace.Signals) string {
	if s == nil {
		return ""
	}
	text := fmt.Sprintf("; signals: %d said", s.Said)
	if s.Again > 0 {
		text += fmt.Sprintf(" (%d of them again)", s.Again)
	}
	text += fmt.Sprintf(", %d heard", s.Heard)
	if s.Useless > 0 {
		text += fmt.Sprintf(", %d of no use", s.Useless)
	}
	if s.Dropped > 0 {
		text += fmt.Sprintf(", %d never carried", s.Dropped)
	}
	return text
}
