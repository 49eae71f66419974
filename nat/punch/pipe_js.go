package punch

import (
	"fmt"
	"syscall/js"
	"time"
)

// pipe is one RTCPeerConnection with its two channels, here the browser's.
// Its handlers copy and return: they never block the page, and what arrives in
// order is kept in order.
type pipe struct {
	pc, fast, sure js.Value
	events         events
	funcs          []js.Func
}

// lacking is what a link needs and this browser does not have.
func lacking() string {
	if js.Global().Get("RTCPeerConnection").Type() != js.TypeFunction {
		return "this browser has no WebRTC (RTCPeerConnection), or it is switched off"
	}
	return ""
}

func object(pairs ...any) js.Value {
	o := js.Global().Get("Object").New()
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func newPipe(o *Options, ev events, _ *socket) (p *pipe, err error) {
	defer caught(&err)
	list := js.Global().Get("Array").New()
	for _, s := range o.Servers {
		urls := js.Global().Get("Array").New()
		for _, u := range s.URLs {
			urls.Call("push", u)
		}
		list.Call("push", object("urls", urls, "username", s.Username, "credential", s.Credential))
	}
	cfg := object("iceServers", list)
	if o.RelayOnly {
		cfg.Set("iceTransportPolicy", "relay")
	}
	p = &pipe{events: ev, pc: js.Global().Get("RTCPeerConnection").New(cfg)}
	p.fast = p.pc.Call("createDataChannel", "packets", object("negotiated", true, "id", 0, "ordered", false, "maxRetransmits", 0))
	p.sure = p.pc.Call("createDataChannel", "messages", object("negotiated", true, "id", 1))
	p.on(p.pc, "onicecandidate", func(e js.Value) {
		if c := e.Get("candidate"); c.Truthy() && c.Get("candidate").String() != "" {
			mid := ""
			if m := c.Get("sdpMid"); m.Type() == js.TypeString {
				mid = m.String()
			}
			ev.candidate(candidate{c.Get("candidate").String(), mid})
		}
	})
	p.on(p.pc, "onconnectionstatechange", func(js.Value) {
		switch p.pc.Get("connectionState").String() {
		case "failed":
			if ice := p.pc.Get("iceConnectionState").String(); ice == "connected" || ice == "completed" {
				ev.failed(errDTLS)
				return
			}
			ev.failed(errLost)
		case "connected":
			ev.reached(secured)
		case "closed":
			ev.failed(ErrGone)
		}
	})
	p.on(p.pc, "oniceconnectionstatechange", func(js.Value) {
		if p.pc.Get("iceConnectionState").String() == "connected" {
			ev.reached(checked)
		}
	})
	p.on(p.pc, "onicecandidateerror", func(e js.Value) {
		// 701 is the browser's own: no server answered.
		if code := e.Get("errorCode"); code.Type() == js.TypeNumber && code.Int() >= 400 && code.Int() < 700 {
			ev.denied(code.Int())
		}
	})
	p.on(p.pc, "ondatachannel", func(e js.Value) {
		ev.hostile(hostile("opened a channel, which no link has"))
	})
	opened := 0
	for _, c := range []struct {
		channel js.Value
		take    func(n int, copy func(dst []byte))
	}{{p.fast, ev.packet}, {p.sure, ev.message}} {
		c.channel.Set("binaryType", "arraybuffer")
		p.on(c.channel, "onopen", func(js.Value) {
			if opened++; opened == 2 {
				ev.open()
			}
		})
		p.on(c.channel, "onclose", func(js.Value) { ev.failed(ErrGone) })
		p.on(c.channel, "onmessage", func(e js.Value) {
			data := e.Get("data")
			if data.Type() != js.TypeObject {
				ev.hostile(errText)
				return
			}
			c.take(data.Get("byteLength").Int(), func(dst []byte) {
				js.CopyBytesToGo(dst, js.Global().Get("Uint8Array").New(data))
			})
		})
	}
	return p, nil
}

// on sets a handler that lives as long as the pipe.
func (p *pipe) on(target js.Value, event string, f func(e js.Value)) {
	fn := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	})
	p.funcs = append(p.funcs, fn)
	target.Set(event, fn)
}

// caught turns an exception of the browser into an error.
func caught(err *error) {
	if r := recover(); r != nil {
		if e, ok := r.(js.Error); ok {
			*err = fmt.Errorf("punch: %w", e)
			return
		}
		panic(r)
	}
}

// await waits for a promise; only run's goroutine may.
func await(promise js.Value) (v js.Value, err error) {
	done := make(chan struct{})
	yes := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if len(args) > 0 {
			v = args[0]
		}
		close(done)
		return nil
	})
	defer yes.Release()
	no := js.FuncOf(func(_ js.Value, args []js.Value) any {
		err = js.Error{Value: args[0]}
		close(done)
		return nil
	})
	defer no.Release()
	promise.Call("then", yes, no)
	<-done
	return v, err
}

func (p *pipe) offer() (sdp string, err error) {
	defer caught(&err)
	d, err := await(p.pc.Call("createOffer"))
	if err != nil {
		return "", err
	}
	_, err = await(p.pc.Call("setLocalDescription", d))
	return d.Get("sdp").String(), err
}

func (p *pipe) answer(offer string) (sdp string, err error) {
	defer caught(&err)
	if _, err := await(p.pc.Call("setRemoteDescription", object("type", "offer", "sdp", offer))); err != nil {
		return "", err
	}
	d, err := await(p.pc.Call("createAnswer"))
	if err != nil {
		return "", err
	}
	_, err = await(p.pc.Call("setLocalDescription", d))
	return d.Get("sdp").String(), err
}

func (p *pipe) accept(answer string) (err error) {
	defer caught(&err)
	_, err = await(p.pc.Call("setRemoteDescription", object("type", "answer", "sdp", answer)))
	return err
}

func (p *pipe) add(c candidate) {
	var err error
	defer caught(&err)
	_, _ = await(p.pc.Call("addIceCandidate", object("candidate", c.Text, "sdpMid", c.Mid, "sdpMLineIndex", 0)))
}

// nudge does nothing: browsers check quickly by themselves.
func (p *pipe) nudge() {}

func (p *pipe) send(packet []byte) error { return post(p.fast, packet) }

// unsent is how many bytes of packets wait here.
func (p *pipe) unsent() int { return p.fast.Get("bufferedAmount").Int() }

// sendMessage says a frame; a pipe that can't will close, and what waits is said by the next.
func (p *pipe) sendMessage(frame []byte) { _ = post(p.sure, frame) }

// unsaid is how many bytes of frames wait here.
func (p *pipe) unsaid() int { return p.sure.Get("bufferedAmount").Int() }

// addresses would tell whether this machine is still in the same networks;
// pages are not told.
func addresses() string { return "" }

func post(channel js.Value, b []byte) (err error) {
	defer caught(&err)
	a := js.Global().Get("Uint8Array").New(len(b))
	js.CopyBytesToJS(a, b)
	channel.Call("send", a)
	return nil
}

// bye tells the other end, and waits a little for it to leave the page; after
// an answer, for the other end to close.
func (p *pipe) bye(answer bool) {
	if post(p.sure, []byte{frameBye}) != nil {
		return
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for range 20 {
		if answer && p.sure.Get("readyState").String() != "open" || !answer && p.sure.Get("bufferedAmount").Int() == 0 {
			return
		}
		<-look.C
	}
}

func (p *pipe) close() {
	for _, c := range []js.Value{p.pc, p.fast, p.sure} {
		for _, event := range []string{"onicecandidate", "onicecandidateerror", "oniceconnectionstatechange", "onconnectionstatechange", "ondatachannel", "onopen", "onclose", "onmessage"} {
			if c.Get(event).Type() == js.TypeFunction {
				c.Set(event, js.Null())
			}
		}
	}
	p.pc.Call("close")
	for _, f := range p.funcs {
		f.Release()
	}
	p.funcs = nil
}

// selected is the pair of candidates that packets take, from getStats (W3C
// webrtc-stats): transport, then pair, then both candidates.
func (p *pipe) selected() (s sample, ok bool) {
	stats, err := await(p.pc.Call("getStats"))
	if err != nil {
		return s, false
	}
	var id string
	each := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if s := args[0]; s.Get("type").String() == "transport" && s.Get("selectedCandidatePairId").Type() == js.TypeString {
			id = s.Get("selectedCandidatePairId").String()
		} else if s.Get("type").String() == "candidate-pair" && s.Get("selected").Truthy() {
			id = s.Get("id").String() // Firefox
		}
		return nil
	})
	defer each.Release()
	stats.Call("forEach", each)
	pair := stats.Call("get", id)
	if !pair.Truthy() {
		return s, false
	}
	if t := pair.Get("currentRoundTripTime"); t.Type() == js.TypeNumber {
		s.rtt = time.Duration(t.Float() * float64(time.Second))
	}
	count := func(name string) uint64 {
		if n := pair.Get(name); n.Type() == js.TypeNumber {
			return uint64(n.Float())
		}
		return 0
	}
	s.sent, s.answered = count("requestsSent")+count("consentRequestsSent"), count("responsesReceived")
	local, okLocal := side(stats, pair.Get("localCandidateId"))
	remote, okRemote := side(stats, pair.Get("remoteCandidateId"))
	s.local, s.remote = local, remote
	return s, okLocal && okRemote
}

func side(stats, id js.Value) (candidate, bool) {
	c := stats.Call("get", id)
	if !c.Truthy() {
		return candidate{}, false
	}
	text := func(name, other string) string {
		if v := c.Get(name); v.Type() == js.TypeString && v.String() != "" {
			return v.String()
		}
		return other
	}
	port := 0
	if v := c.Get("port"); v.Type() == js.TypeNumber {
		port = v.Int()
	}
	return candidate{Text: fmt.Sprintf("candidate:0 1 %s 0 %s %d typ %s", text("protocol", "udp"), text("address", "hidden"), port, text("candidateType", "host"))}, true
}
