//go:build !js

package punch

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/mdns/v2"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"
)

// pipe is one RTCPeerConnection with its two channels, here pion's.
type pipe struct {
	pc         *webrtc.PeerConnection
	unreliable *webrtc.DataChannel // unordered, of packets
	reliable   *webrtc.DataChannel // ordered, of messages
	events     events
	mapped     *mapped    // nil: no router is asked
	mux        ice.UDPMux // of a socket that was there before; nil: ICE makes its own
	late       *late
	begin      func()        // lets the time until relays are asked for begin
	end        func()        // none is needed any more
	opens      chan struct{} // holds one: the first of two channels is open
	tasks      tasks         // readers of channels, askers for names
	names      *mdns.Conn
	nudges     int
	deaf       *atomic.Bool  // true: STUN alone comes in
	over       chan struct{} // closed when the other end has said goodbye on reliable, or that has ended
}

// virtual replaces the network in tests.
var virtual func(offer bool) transport.Net

// lacking is what a link needs and this machine does not have: nothing.
func lacking() string { return "" }

// newPipe makes a pipe, over new sockets or over one that has met the other end.
func newPipe(o *Options, ev events, by *socket) (*pipe, error) {
	p := &pipe{events: ev, opens: make(chan struct{}, 1), deaf: new(atomic.Bool), over: make(chan struct{})}
	if by != nil {
		p.mux = by.mux(ev.l.strangers)
	}
	err := p.connect(o)
	if err == nil {
		err = p.addChannels()
	}
	if err != nil {
		if p.pc != nil {
			_ = p.pc.Close()
		}
		if p.mux != nil {
			_ = p.mux.Close()
		}
		return nil, fmt.Errorf("punch: %w", err)
	}
	if o.PortMap && !o.RelayOnly && p.mux == nil {
		p.mapped = newMapped()
	}
	p.hearConnection()
	p.hearChannels(o)
	return p, nil
}

// connect makes the peer connection, on a network that is late and gated.
func (p *pipe) connect(o *Options) (err error) {
	link := p.events.l.strangers
	n := &late{link: link, begun: make(chan struct{}), over: make(chan struct{}), soon: o.RelayOnly}
	p.late, p.begin, p.end = n, sync.OnceFunc(func() { close(n.begun) }), sync.OnceFunc(func() { close(n.over) })
	var machine transport.Net
	if virtual != nil {
		machine = virtual(o.Offer)
	} else if machine, err = stdnet.NewNet(); err != nil {
		return err
	}
	n.Net = gated{machine, p.deaf, link, n.over}
	api, err := profile(o, n, relayDialer{n, link, o.ICEServers}, p.mux, p.events.denied)
	if err != nil {
		return err
	}
	cfg := webrtc.Configuration{}
	for _, s := range o.ICEServers {
		if p.mux != nil {
			break // Its address is known.
		}
		cfg.ICEServers = append(cfg.ICEServers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	if o.RelayOnly {
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	p.pc, err = api.NewPeerConnection(cfg)
	return err
}

// addChannels makes the two channels, as the other end does. A packet may be sent again
// once: pion gives one that may not up as soon as it is sent, and then both ends tell each
// other of it without end, more often from second to second (pion/sctp#505).
func (p *pipe) addChannels() (err error) {
	yes, no := true, false
	zero, one, times := uint16(0), uint16(1), uint16(1)
	if p.unreliable, err = p.pc.CreateDataChannel("packets", &webrtc.DataChannelInit{Negotiated: &yes, ID: &zero, Ordered: &no, MaxRetransmits: &times}); err != nil {
		return err
	}
	p.reliable, err = p.pc.CreateDataChannel("messages", &webrtc.DataChannelInit{Negotiated: &yes, ID: &one})
	return err
}

// hearConnection hands on what the connection tells.
func (p *pipe) hearConnection() {
	ev := p.events
	p.pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			p.found(c)
		}
	})
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateFailed:
			if p.pc.SCTP().Transport().State() == webrtc.DTLSTransportStateFailed {
				ev.failed(errDTLS)
				return
			}
			ev.failed(errLost)
		case webrtc.PeerConnectionStateConnected:
			ev.reached(secured)
		case webrtc.PeerConnectionStateClosed:
			ev.failed(ErrGone)
		}
	})
	p.pc.OnICEConnectionStateChange(func(s webrtc.ICEConnectionState) {
		ev.ice(s.String())
		if s == webrtc.ICEConnectionStateConnected {
			ev.reached(checked)
		}
	})
	p.pc.OnDataChannel(func(d *webrtc.DataChannel) {
		ev.hostile(hostile("opened channel %.32q, which no link has", d.Label()))
	})
}

// found hands on a candidate of ours.
func (p *pipe) found(c *webrtc.ICECandidate) {
	p.late.found(c)
	init := c.ToJSON()
	mid := ""
	if init.SDPMid != nil {
		mid = *init.SDPMid
	}
	p.events.candidate(candidate{init.Candidate, mid})
	if p.mapped != nil {
		p.mapped.found(c, mid, p.events)
	}
}

// hearChannels has both channels read once they are open.
func (p *pipe) hearChannels(o *Options) {
	p.unreliable.OnOpen(func() {
		p.read(p.unreliable, MaxPacket+numberSize, p.events.packet, nil)
		p.opened()
	})
	over := sync.OnceFunc(func() {
		// Pion waits for 400 ms where it aborts an association that was aborted: who
		// is told goodbye does not hear that.
		p.deaf.Store(true)
		close(p.over)
	})
	p.reliable.OnOpen(func() {
		p.read(p.reliable, o.Limits.Message+frameHead, func(n int, copy func(dst []byte)) {
			var kind [1]byte
			if copy != nil && n > 0 {
				if copy(kind[:]); kind[0] == frameBye {
					over()
				}
			}
			p.events.message(n, copy)
		}, over)
		p.opened()
	})
}

// opened hears that a channel is.
func (p *pipe) opened() {
	select {
	case p.opens <- struct{}{}: // the first of two
	default:
		p.end()
		p.events.open()
	}
}

// read hands a channel's messages on, by a goroutine that ends with the channel.
// It reads for itself, since a channel of pion's reads into 64 KiB and copies
// each message into memory of its own. The buffer grows to be as long as a message
// may be: a longer one does not fit, and is abuse.
func (p *pipe) read(c *webrtc.DataChannel, most int, take func(n int, copy func(dst []byte)), end func()) {
	raw, err := c.Detach()
	if err != nil {
		p.events.failed(fmt.Errorf("punch: %w", err))
		return
	}
	p.tasks.begin(func() {
		if end != nil {
			defer end()
		}
		buffer := make([]byte, min(most, MaxPacket+numberSize))
		for {
			n, text, err := raw.ReadDataChannel(buffer)
			switch {
			case errors.Is(err, io.ErrShortBuffer) && len(buffer) < most:
				buffer = make([]byte, most) // The message still waits.
				continue
			case errors.Is(err, io.ErrShortBuffer):
				take(most+1, nil)
				return
			case err != nil:
				p.events.failed(ErrGone)
				return
			case text:
				p.events.hostile(errText)
				return
			}
			take(n, func(dst []byte) { copy(dst, buffer) })
		}
	})
}

func (p *pipe) offer() (string, error) {
	d, err := p.pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	return d.SDP, p.pc.SetLocalDescription(d)
}

func (p *pipe) answer(offer string) (string, error) {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	d, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	p.begin()
	return d.SDP, p.pc.SetLocalDescription(d)
}

func (p *pipe) accept(answer string) error {
	p.begin()
	return p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

func (p *pipe) add(c candidate) {
	if name, ok := c.named(); ok && virtual == nil {
		p.resolve(c, name)
		return
	}
	line := uint16(0)
	_ = p.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c.Text, SDPMid: &c.Mid, SDPMLineIndex: &line})
}

// nudge makes pion's ICE look at its pairs at once: it would in 200 ms, and
// webrtc has no setting for it. Any new candidate does so; this one, TCP where
// we do none, makes no pair and has nobody written to.
func (p *pipe) nudge() {
	if p.nudges < maxNudges {
		p.nudges++
		p.add(candidate{Text: fmt.Sprintf("candidate:1 1 tcp 1 192.0.2.1 %d typ host tcptype passive", p.nudges)})
	}
}

// maxNudges are two seconds of them, at lookConnect.
const maxNudges = 80

func (p *pipe) send(packet []byte) error { return p.unreliable.Send(packet) }

// unsent is how many bytes of packets wait here, or are on their way.
func (p *pipe) unsent() int { return int(p.unreliable.BufferedAmount()) }

// sendMessage says a frame; a pipe that can't will close, and what waits is said by the next.
func (p *pipe) sendMessage(frame []byte) { _ = p.reliable.Send(frame) }

// unsaid is how many bytes of frames wait here, or are on their way.
func (p *pipe) unsaid() int { return int(p.reliable.BufferedAmount()) }

// addresses are those of this machine, which change with the network that it is in.
func addresses() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil || virtual != nil {
		return ""
	}
	return fmt.Sprint(addrs)
}

// bye tells the other end, and waits a little for its answer, or for ours to
// leave this machine.
func (p *pipe) bye(answer bool) {
	if p.reliable.Send([]byte{frameBye}) != nil {
		return
	}
	wait, over := 100*time.Millisecond, p.over
	if answer {
		wait, over = 20*time.Millisecond, nil
	}
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case <-over:
	case <-timeout.C:
	}
}

func (p *pipe) close() {
	p.end()
	if p.mapped != nil {
		p.mapped.close()
	}
	_ = p.pc.GracefulClose()
	if p.mux != nil {
		_ = p.mux.Close()
	}
	if p.names != nil {
		_ = p.names.Close()
	}
	p.tasks.end()
}

// selected is the pair of candidates that packets take.
func (p *pipe) selected() (s sample, ok bool) {
	t := p.pc.SCTP().Transport().ICETransport()
	pair, err := t.GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Local == nil || pair.Remote == nil {
		return s, false
	}
	s.local, s.remote = candidate{Text: pair.Local.ToJSON().Candidate}, candidate{Text: pair.Remote.ToJSON().Candidate}
	if is, ok := t.GetSelectedCandidatePairStats(); ok {
		s.rtt = time.Duration(is.CurrentRoundTripTime * float64(time.Second))
		for _, other := range p.pc.GetStats() { // which tells of requests, too
			if c, ok := other.(webrtc.ICECandidatePairStats); ok && c.LocalCandidateID == is.LocalCandidateID && c.RemoteCandidateID == is.RemoteCandidateID {
				s.sent, s.answered = c.RequestsSent, c.ResponsesReceived
			}
		}
	}
	return s, true
}
