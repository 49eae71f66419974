//go:build !js

package punch

import (
	"errors"
	"net"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"
	"golang.org/x/net/proxy"
)

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
	// second and doubles: three silent seconds would become seven. Less than this
	// is less than a round trip on a line with half a second of queue, and sends all again.
	e.SetSCTPRTOMax(700 * time.Millisecond)
	// Left alone, it also narrows the window to one packet of full size, and what
	// a game sends next waits behind what was lost until that is given up.
	e.SetSCTPMinCwnd(32 << 10)
	e.DetachDataChannels() // see pipe.read
	// What an end keeps for the other's sake: SCTP counts only user bytes.
	e.SetSCTPMaxReceiveBufferSize(MaxMessage)
	e.SetSCTPMaxMessageSize(uint32(max(MaxPacket+numberSize, o.Limits.Message+frameHead)) + 1)
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

// connected reports whether this machine has an address that others can reach;
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
