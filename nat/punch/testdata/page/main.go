//go:build js

// The page is one end of a link, or both, for the tests in a real browser.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"syscall/js"
	"time"

	"github.com/punchback/punchback/nat"
	"github.com/punchback/punchback/nat/punch"
)

var limits = punch.Limits{Messages: 400_000, MessageBytes: 4 << 20}

func main() {
	var link *punch.Link
	next, order := uint32(0), true
	def("begin", func(a []js.Value) any {
		news := make(chan struct{}, 1)
		o := punch.Options{Offer: a[0].Bool(), RelayOnly: a[1].Bool(), Limits: limits, Notify: func() {
			select {
			case news <- struct{}{}:
			default:
			}
		}}
		if err := json.Unmarshal([]byte(a[2].String()), &o.ICEServers); err != nil {
			return err.Error()
		}
		l, err := punch.New(o)
		if err != nil {
			return err.Error()
		}
		link, next, order = l, 0, true
		go echo(l, news)
		return ""
	})
	def("next", func([]js.Value) any {
		s, _ := link.NextSignal()
		return string(s)
	})
	def("hear", func(a []js.Value) any { _ = link.Signal([]byte(a[0].String())); return nil })
	def("report", func([]js.Value) any {
		for m, ok := link.RecvMessage(); ok; m, ok = link.RecvMessage() {
			order = order && binary.LittleEndian.Uint32(m) == next
			next++
		}
		r := link.Report()
		b, _ := json.Marshal(map[string]any{"State": r.State.String(), "Path": r.Path.String(), "RTT": r.RTT, "Connect": r.Connect, "Got": next, "Order": order, "Reason": r.Reason})
		return string(b)
	})
	def("end", func([]js.Value) any { go link.Close(); return nil })
	def("pairs", func(a []js.Value) any { go pairs(a[0].Int()); return nil })
	def("probe", func(a []js.Value) any {
		go func() {
			r, err := nat.Probe(context.Background(), strings.Fields(a[0].String())...)
			said := r.String()
			if err != nil {
				said = err.Error()
			}
			js.Global().Set("probed", said)
		}()
		return nil
	})
	js.Global().Set("ready", true)
	select {}
}

func def(name string, f func(args []js.Value) any) {
	js.Global().Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any { return f(args) }))
}

// echo sends each packet back.
func echo(l *punch.Link, news <-chan struct{}) {
	var b [punch.MaxPacket]byte
	for l.State() != punch.Closed {
		<-news
		for n, ok := l.Recv(b[:]); ok; n, ok = l.Recv(b[:]) {
			l.Send(b[:n])
		}
	}
}

// pairs lets two ends in this page meet n times and tells the median.
func pairs(n int) {
	var took []float64
	for range n {
		news := make(chan struct{}, 1)
		notify := func() {
			select {
			case news <- struct{}{}:
			default:
			}
		}
		one, _ := punch.New(punch.Options{Offer: true, Notify: notify})
		two, _ := punch.New(punch.Options{Notify: notify})
		for begin := time.Now(); (one.State() != punch.Open || two.State() != punch.Open) && time.Since(begin) < time.Minute; {
			for s, ok := one.NextSignal(); ok; s, ok = one.NextSignal() {
				_ = two.Signal(s)
			}
			for s, ok := two.NextSignal(); ok; s, ok = two.NextSignal() {
				_ = one.Signal(s)
			}
			select {
			case <-news:
			case <-time.After(5 * time.Millisecond):
			}
		}
		took = append(took, float64(one.Report().Connect.Microseconds())/1000)
		_ = one.Close()
		_ = two.Close()
	}
	for range 3 { // what nobody holds is let go, so that what stays is a leak
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	slices.Sort(took)
	js.Global().Set("median", took[len(took)/2])
}
