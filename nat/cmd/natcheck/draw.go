package main

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/punchback/punchback/nat"
)

// String is the drawing, what will work, and the report.
func (c *check) String() string {
	var b strings.Builder
	b.WriteString(c.drawing())
	fmt.Fprintf(&b, "\n%s.\n\nYou and somebody behind\n", strings.ToUpper(c.Text[:1])+c.Text[1:])
	for i, k := range nat.Kinds {
		p := c.plans[i]
		fmt.Fprintf(&b, "  %-58s %-9s %s\n", k.Name, p.Way, p.Why)
	}
	fmt.Fprintf(&b, "\nWhat was found, and why it is believed:\n\n%s", c.Report)
	return b.String()
}

// box is one station on the way out.
type box struct{ name, at, note string }

// drawing shows the stations between this machine and the internet.
func (c *check) drawing() string {
	r := &c.Report
	boxes := []box{{"you", addr(r.Local.Value), ""}}
	if r.NAT() != nat.No {
		note := "lets in: " + lets(r.Filtering.Value)
		boxes = append(boxes, box{"NAT", addr(r.Public.Value), note})
	}
	if r.Nested.Value == nat.Yes {
		boxes[len(boxes)-1].at = "inside a carrier"
		boxes = append(boxes, box{"second NAT", addr(r.Public.Value), "yours cannot be asked for its ports"})
	}
	out := box{"internet", "", ""}
	wall := " ═══ "
	if r.UDP.Value == nat.No {
		wall = " ═╳═ "
		out.note = "UDP is blocked"
	}
	boxes = append(boxes, out)
	lines := make([]strings.Builder, 5)
	for i, x := range boxes {
		wide := max(len([]rune(x.name)), len([]rune(x.at)), len([]rune(x.note)))
		joint := "     "
		if i == 0 {
			joint = ""
		}
		middle := joint
		if i > 0 {
			middle = " ─── "
			if i == len(boxes)-1 {
				middle = wall
			}
		}
		bar := strings.Repeat("─", wide+2)
		for k, text := range []string{joint + "┌" + bar + "┐", joint + cell(x.name, wide), middle + cell(x.at, wide), joint + cell(x.note, wide), joint + "└" + bar + "┘"} {
			lines[k].WriteString(text)
		}
	}
	var b strings.Builder
	for i := range lines {
		b.WriteString(strings.TrimRight(lines[i].String(), " ") + "\n")
	}
	return b.String()
}

func cell(s string, wide int) string {
	return "│ " + s + strings.Repeat(" ", wide-len([]rune(s))) + " │"
}

func addr(a netip.AddrPort) string {
	if !a.IsValid() {
		return "?"
	}
	return a.String()
}

func lets(b nat.Behavior) string {
	switch b {
	case nat.EndpointIndependent:
		return "everybody"
	case nat.AddressDependent:
		return "hosts it knows"
	case nat.AddressAndPortDependent:
		return "ports it knows"
	}
	return "?"
}
