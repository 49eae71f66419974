//go:build !js

package punch

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/punchback/punchback/nat/portmap"
	"github.com/punchback/punchback/nat/trace"
)

// maxMapped is how many ports of one pipe a router is asked for: those of the
// addresses by which this machine is in networks, of which most have one or two.
const maxMapped = 4

// mapped asks the router to open the ports of a pipe's sockets, and tells the
// other end of them as of any other address: what comes in there comes to a
// socket that ICE has already.
type mapped struct {
	ctx   context.Context
	end   context.CancelFunc
	tasks tasks

	mu    sync.Mutex
	ports []uint16
}

func newMapped() *mapped {
	m := &mapped{}
	m.ctx, m.end = context.WithCancel(context.Background())
	return m
}

// found hears of a candidate of ours; a host's is worth a port.
func (m *mapped) found(c *webrtc.ICECandidate, mid string, ev events) {
	if c.Typ != webrtc.ICECandidateTypeHost || c.Protocol != webrtc.ICEProtocolUDP {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.ports) == maxMapped || m.ctx.Err() != nil {
		return
	}
	m.ports = append(m.ports, c.Port)
	m.tasks.begin(func() {
		p, err := portmap.Map(m.ctx, portmap.Request{Port: c.Port, Lifetime: time.Hour})
		if err != nil && m.ctx.Err() == nil {
			ev.noted(trace.Event{Kind: trace.Port, Word: "refused", Text: strings.TrimPrefix(err.Error(), "portmap: ")})
		}
		if err != nil {
			return // Most routers open nothing, and there are other ways.
		}
		ev.noted(trace.Event{Kind: trace.Port, Word: "open"})
		if at := p.External(); at.IsValid() && !p.Nested() {
			// Type srflx (RFC 8445 section 5.1.1.2): an address on the outer side of our NAT.
			ev.candidate(candidate{fmt.Sprintf("candidate:2 1 udp 1694498815 %v %d typ srflx raddr 0.0.0.0 rport 0", at.Addr(), at.Port()), mid})
		}
		<-m.ctx.Done()
		_ = p.Close()
	})
}

// close lets the ports go.
func (m *mapped) close() {
	m.end()
	m.tasks.end()
}
