//go:build !js

package punch

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"
)

// attacker speaks a Link's signals, and does what no Link does once it is open.
type attacker struct {
	pc                   *webrtc.PeerConnection
	unreliable, reliable *webrtc.DataChannel // nothing that arrives on them is read
	open                 chan struct{}       // closed when both are
	theirs               []candidate         // where the victim can be reached
}

// newAttacker offers; the signal is for the victim. The wire may be nil.
func newAttacker(w *wire) (a *attacker, offer []byte, err error) {
	var network transport.Net
	if w != nil {
		network = w
	}
	api, err := profile(&Options{Limits: Limits{}.withDefaults()}, network, nil, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	a = &attacker{open: make(chan struct{})}
	if a.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	yes, no := true, false
	zero, one := uint16(0), uint16(1)
	if a.unreliable, err = a.pc.CreateDataChannel("packets", &webrtc.DataChannelInit{Negotiated: &yes, ID: &zero, Ordered: &no, MaxRetransmits: &zero}); err != nil {
		return nil, nil, err
	}
	if a.reliable, err = a.pc.CreateDataChannel("messages", &webrtc.DataChannelInit{Negotiated: &yes, ID: &one}); err != nil {
		return nil, nil, err
	}
	var both atomic.Int32
	opened := func() {
		if both.Add(1) == 2 {
			close(a.open)
		}
	}
	a.unreliable.OnOpen(opened)
	a.reliable.OnOpen(opened)
	d, err := a.pc.CreateOffer(nil)
	if err != nil {
		return nil, nil, err
	}
	gathered := webrtc.GatheringCompletePromise(a.pc)
	if err = a.pc.SetLocalDescription(d); err != nil {
		return nil, nil, err
	}
	<-gathered
	return a, (&signal{Attempt: 1, SDP: a.pc.LocalDescription().SDP}).encode(), nil
}

// hear takes a signal of the victim's.
func (a *attacker) hear(b []byte) error {
	var s signal
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s.SDP != "" && a.pc.RemoteDescription() == nil {
		// What we may send is no matter to an attacker.
		sdp := strings.Replace(s.SDP, fmt.Sprintf("a=max-message-size:%d", 16<<10+frameHead+1), "a=max-message-size:1000000", 1)
		if err := a.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
			return err
		}
	}
	for _, c := range s.Candidates {
		a.theirs = append(a.theirs, c)
		_ = a.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c.Text, SDPMid: &c.Mid})
	}
	return nil
}

// drain reads what arrives and acknowledges it, as a peer does that means no harm by that.
func (a *attacker) drain() {
	for _, c := range []*webrtc.DataChannel{a.unreliable, a.reliable} {
		raw, err := c.Detach()
		if err != nil {
			continue
		}
		go func() {
			b := make([]byte, 64<<10)
			for n, err := raw.Read(b); err == nil; n, err = raw.Read(b) {
				if number, _, ok := frameNumber(b[:max(n, 1)]); ok && c == a.reliable && b[0] == frameData {
					_, _ = raw.Write(binary.AppendUvarint([]byte{frameAck}, uint64(number)))
				}
			}
		}()
	}
}

func (a *attacker) close() { _ = a.pc.GracefulClose() }

// wire is a network that an attacker reaches into.
type wire struct {
	transport.Net
	mute atomic.Bool // no DTLS record leaves any more: neither data nor acknowledgements
	mu   sync.Mutex
	last *tap // that DTLS took
	to   net.Addr
}

func newWire() (*wire, error) {
	n, err := stdnet.NewNet()
	return &wire{Net: n}, err
}

func (w *wire) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := w.Net.ListenUDP(network, local)
	if err != nil {
		return nil, err
	}
	return &tap{c, w}, nil
}

// inject sends what no stack would on the way that the link takes.
func (w *wire) inject(b []byte) {
	w.mu.Lock()
	t, to := w.last, w.to
	w.mu.Unlock()
	if t != nil {
		_, _ = t.UDPConn.WriteTo(b, to)
	}
}

type tap struct {
	transport.UDPConn
	w *wire
}

func (t *tap) WriteTo(b []byte, to net.Addr) (int, error) {
	if len(b) > 0 && 20 <= b[0] && b[0] <= 63 { // RFC 7983: DTLS
		if t.w.mute.Load() {
			return len(b), nil
		}
		t.w.mu.Lock()
		t.w.last, t.w.to = t, to
		t.w.mu.Unlock()
	}
	return t.UDPConn.WriteTo(b, to)
}
