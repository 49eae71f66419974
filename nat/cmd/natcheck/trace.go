package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/punchback/punchback/nat/trace"
)

const traceUsage = `Usage: natcheck trace FILE

Tells in words what a trace holds: what happened to a room and its links, with
the milliseconds since it was joined, then what came of it, why, and what to do.
Players make such files (rtc.Room.Trace). FILE may be - for the standard input.

The exit status is 0 if the file was told, and 3 if it is not a trace.
`

// runTrace is the command "natcheck trace".
func runTrace(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
		fmt.Fprint(stderr, traceUsage)
		return capable
	}
	if len(args) != 1 {
		fmt.Fprintf(stderr, "natcheck: trace takes one FILE, %d are given\n", len(args))
		return misused
	}
	in := stdin
	if args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			fmt.Fprintln(stderr, "natcheck:", err)
			return misused
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, 4*trace.MaxSize)) // Decode says what is too long.
	var t *trace.Trace
	if err == nil {
		t, err = trace.Decode(b)
	}
	if err != nil {
		fmt.Fprintln(stderr, "natcheck:", strings.TrimPrefix(err.Error(), "trace: "))
		return misused
	}
	fmt.Fprint(stdout, describe(t))
	return capable
}

// describe is a trace in words.
func describe(t *trace.Trace) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "A room, joined on %s UTC on %s, as it was %.1f s later.\n", t.Joined.UTC().Format("2006-01-02 at 15:04:05"), t.Platform, float64(t.Took)/1000)
	if t.Masked {
		b.WriteString("Addresses are masked: those with equal numbers are equal.\n")
	}
	b.WriteString("\n")
	for i := range t.Events {
		e := &t.Events[i]
		if e.Missing > 0 {
			fmt.Fprintf(&b, "%8s     %s%s left out here\n", "...", about(e), count(e.Missing, "event"))
		}
		fmt.Fprintf(&b, "%8d ms  %s%s\n", e.At, about(e), sentence(e))
	}
	if left := t.Header.Events - len(t.Events); left > 0 {
		fmt.Fprintf(&b, "\n%s in all; the trace holds %d of them.\n", count(t.Header.Events, "event"), len(t.Events))
	}
	fmt.Fprintf(&b, "\nWhat came of it\n\n%s", verdict(t))
	return b.String()
}

// about names whom an event is about.
func about(e *trace.Event) string {
	switch {
	case e.Peer == 0:
		return ""
	case e.Kind == trace.Came || e.Kind == trace.Left || e.Kind == trace.Away || e.Kind == trace.Back:
		return fmt.Sprintf("p%d ", e.Peer)
	case e.Try > 1:
		return fmt.Sprintf("p%d, try %d: ", e.Peer, e.Try)
	}
	return fmt.Sprintf("p%d: ", e.Peer)
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
