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
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/mdns/v2"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"
	"golang.org/x/net/proxy"
)

// pipe is one RTCPeerConnection with its two channels, here pion's.
type pipe struct {
	pc     *webrtc.PeerConnection
	fast   *webrtc.DataChannel // unreliable, unordered
	sure   *webrtc.DataChannel // reliable, ordered
	events events
	mapped *mapped    // nil: no router is asked
	mux    ice.UDPMux // of a socket that was there before; nil: ICE makes its own
	late   *late
	begin  func() // lets the time until relays are asked for begin
	end    func() // none is needed any more
	tasks  tasks  // readers of channels, askers for names
	names  *mdns.Conn
	nudges int
	over   chan struct{} // closed when the other end has said goodbye on sure, or that has ended
}

// virtual replaces the network in tests.
var virtual func(offer bool) transport.Net

// lacking is what a link needs and this machine does not have: nothing.
func lacking() string { return "" }

// profile is how pion is tuned. Only the controlling end's waits count, and
// either may control.
func profile(o *Options, n transport.Net, relays proxy.Dialer, mux ice.UDPMux, denied func(code int)) (*webrtc.API, error) {
	e := webrtc.SettingEngine{LoggerFactory: silent{denied}}
	// The first pair that works is taken at once, but a relay has to wait: a
	// direct pair may be a round trip behind it. Alone, it waits for nothing.
	e.SetHostAcceptanceMinWait(0)
	e.SetSrflxAcceptanceMinWait(0)
	e.SetPrflxAcceptanceMinWait(0)
	e.SetRelayAcceptanceMinWait(600 * time.Millisecond)
	if o.RelayOnly {
		e.SetRelayAcceptanceMinWait(0)
	}
	// A pair is tried for as long as a link is patient, and not just seven
	// times: the other end may hear of it seconds later, and nudges are many.
	e.SetICEMaxBindingRequests(100 + maxNudges)
	e.SetSTUNGatherTimeout(3 * time.Second)
	// A blackout of some seconds is survived; consent (RFC 7675) ends in ten.
	e.SetICETimeouts(3*time.Second, 7*time.Second, time.Second)
	// Round trips that can be spared: DTLS's cookie, whose danger ICE's
	// consent removes, and SCTP's handshake between two of ours.
	e.SetDTLSInsecureSkipHelloVerify(true)
	e.SetDTLSRetransmissionInterval(100 * time.Millisecond)
	e.EnableSctpSnap(true)
	e.EnableSCTPZeroChecksum(true)
	// A pipe is closed by its link, and not by pion when the other end closes its
	// own: that takes half a second, with a lock held.
	e.DisableCloseByDTLS(true)
	// Left alone, the timer that frees what a blackout held back starts at a
	// second and doubles: three silent seconds would become seven.
	e.SetSCTPRTOMax(500 * time.Millisecond)
	// Left alone, it also narrows the window to one packet of full size, and what
	// a game sends next waits behind what was lost until that is given up.
	e.SetSCTPMinCwnd(16 << 10)
	e.DetachDataChannels() // see pipe.read
	// What an end keeps for the other's sake: SCTP counts only user bytes.
	e.SetSCTPMaxReceiveBufferSize(MaxMessage)
	e.SetSCTPMaxMessageSize(uint32(max(MaxPacket, o.Limits.Message+frameHead)) + 1)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled) // see resolve
	e.DisableActiveTCP(true)
	e.SetIncludeLoopbackCandidate(!connected())
	// An fe80:: address means nothing without the name of an interface (RFC 4007
	// section 6), which the other end can't know; browsers show none either.
	e.SetIPFilter(func(ip net.IP) bool { return ip.To4() != nil || !ip.IsLinkLocalUnicast() })
	e.SetNet(n)
	if relays != nil {
		e.SetICEProxyDialer(relays)
	}
	if mux != nil {
		e.SetICEUDPMux(mux)
		e.SetIncludeLoopbackCandidate(true) // in tests it is there
	}
	if virtual != nil {
		e.SetIncludeLoopbackCandidate(false)
	}
	if err := e.SetICERenomination(); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(e), webrtc.WithMediaEngine(&webrtc.MediaEngine{}),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})), nil
}

// connected tells whether this machine has an address that others can reach;
// without one, players on it meet over loopback.
func connected() bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			return true
		}
	}
	return false
}

func newPipe(o *Options, ev events, by *socket) (p *pipe, err error) {
	var mux ice.UDPMux
	if by != nil {
		mux = by.mux(ev.l.strangers)
		defer func() {
			if err != nil {
				_ = mux.Close()
			}
		}()
	}
	var deaf atomic.Bool
	n := &late{link: ev.l.strangers, begun: make(chan struct{}), over: make(chan struct{}), soon: o.RelayOnly}
	var machine transport.Net
	if virtual != nil {
		machine = virtual(o.Offer)
	} else if machine, err = stdnet.NewNet(); err != nil {
		return nil, fmt.Errorf("punch: %w", err)
	}
	n.Net = gated{machine, &deaf, ev.l.strangers, n.over}
	api, err := profile(o, n, relayDialer{n, n.link, o.Servers}, mux, ev.denied)
	if err != nil {
		return nil, fmt.Errorf("punch: %w", err)
	}
	cfg := webrtc.Configuration{}
	for _, s := range o.Servers {
		if mux != nil {
			break // Its address is known.
		}
		cfg.ICEServers = append(cfg.ICEServers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	if o.RelayOnly {
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	pc, err := api.NewPeerConnection(cfg)
	if err != nil {
		return nil, fmt.Errorf("punch: %w", err)
	}
	p = &pipe{
		pc: pc, events: ev, late: n, mux: mux, over: make(chan struct{}),
		begin: sync.OnceFunc(func() { close(n.begun) }),
		end:   sync.OnceFunc(func() { close(n.over) }),
	}
	if o.PortMap && !o.RelayOnly && mux == nil {
		p.mapped = newMapped()
	}
	yes, no := true, false
	zero, one, none := uint16(0), uint16(1), uint16(0)
	p.fast, err = pc.CreateDataChannel("packets", &webrtc.DataChannelInit{Negotiated: &yes, ID: &zero, Ordered: &no, MaxRetransmits: &none})
	if err == nil {
		p.sure, err = pc.CreateDataChannel("messages", &webrtc.DataChannelInit{Negotiated: &yes, ID: &one})
	}
	if err != nil {
		_ = pc.Close()
		return nil, fmt.Errorf("punch: %w", err)
	}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			n.found(c)
			init := c.ToJSON()
			mid := ""
			if init.SDPMid != nil {
				mid = *init.SDPMid
			}
			ev.candidate(candidate{init.Candidate, mid})
			if p.mapped != nil {
				p.mapped.found(c, mid, ev)
			}
		}
	})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
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
	pc.OnICEConnectionStateChange(func(s webrtc.ICEConnectionState) {
		ev.ice(s.String())
		if s == webrtc.ICEConnectionStateConnected {
			ev.reached(checked)
		}
	})
	pc.OnDataChannel(func(d *webrtc.DataChannel) {
		ev.hostile(hostile("opened channel %q, which no link has", clip(d.Label())))
	})
	both := make(chan struct{}, 1)
	opened := func() {
		select {
		case both <- struct{}{}: // the first of two
		default:
			p.end()
			ev.open()
		}
	}
	p.fast.OnOpen(func() {
		p.read(p.fast, MaxPacket, ev.packet, nil)
		opened()
	})
	over := sync.OnceFunc(func() {
		// Pion waits for 400 ms where it aborts an association that was aborted: who
		// is told goodbye does not hear that.
		deaf.Store(true)
		close(p.over)
	})
	p.sure.OnOpen(func() {
		p.read(p.sure, o.Limits.Message+frameHead, func(n int, copy func(dst []byte)) {
			var kind [1]byte
			if copy != nil && n > 0 {
				if copy(kind[:]); kind[0] == frameBye {
					over()
				}
			}
			ev.message(n, copy)
		}, over)
		opened()
	})
	return p, nil
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
		buffer := make([]byte, min(most, MaxPacket))
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

func clip(s string) string {
	if len(s) > 32 {
		s = s[:32]
	}
	return s
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

func (p *pipe) send(packet []byte) error { return p.fast.Send(packet) }

// unsent is how many bytes of packets wait here, or are on their way.
func (p *pipe) unsent() int { return int(p.fast.BufferedAmount()) }

// sendMessage says a frame; a pipe that can't will close, and what waits is said by the next.
func (p *pipe) sendMessage(frame []byte) { _ = p.sure.Send(frame) }

// unsaid is how many bytes of frames wait here, or are on their way.
func (p *pipe) unsaid() int { return int(p.sure.BufferedAmount()) }

// addresses tell whether this machine is still in the same networks.
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
	if p.sure.Send([]byte{frameBye}) != nil {
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

// silent is a logger that logs nothing: what matters is in the Report. It hears
// what a relay answers that does not let us in, of which pion tells nobody else.
type silent struct{ denied func(code int) }

func (s silent) NewLogger(string) logging.LeveledLogger { return s }
func (silent) Trace(string)                             {}
func (silent) Tracef(string, ...any)                    {}
func (silent) Debug(string)                             {}
func (silent) Debugf(string, ...any)                    {}
func (silent) Info(string)                              {}
func (silent) Infof(string, ...any)                     {}
func (silent) Warn(string)                              {}
func (silent) Error(string)                             {}
func (silent) Errorf(string, ...any)                    {}
func (s silent) Warnf(_ string, args ...any) {
	for _, a := range args {
		if err, ok := a.(error); ok && s.denied != nil {
			if refusal := new(stun.TurnError); errors.As(err, &refusal) && refusal.StunMessageType.Method == stun.MethodAllocate {
				s.denied(int(refusal.ErrorCodeAttr.Code))
			}
		}
	}
}
