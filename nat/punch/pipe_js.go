package punch

import (
	"fmt"
	"syscall/js"
	"time"
)

// pipe is one RTCPeerConnection with its two channels, here the browser's.
// Its handlers copy and return: they never block the page, and what arrives in
// order is kept in order. What Go asks the browser for again and again is asked
// for once: see glue.js.
type pipe struct {
	pc         js.Value
	unreliable js.Value // channel, unordered, of packets
	reliable   js.Value // channel, ordered, of messages
	events     events
	funcs      []js.Func
	room       js.Value // each packet and message passes through it, in and out
	most       int      // bytes that it has
	known      js.Value // what getStats told last, as a Map
	asked      js.Func
	told       chan bool // by asked: known is up to date, or the browser refused
	teller     string    // the one of known that tells which pair is in use
}

var uint8Array = js.Global().Get("Uint8Array")

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
	for _, s := range o.ICEServers {
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
	p = &pipe{events: ev, pc: js.Global().Get("RTCPeerConnection").New(cfg), most: max(MaxPacket+numberSize, o.Limits.Message+frameHead), told: make(chan bool, 1)}
	p.room, p.known = uint8Array.New(p.most), js.Global().Get("Map").New()
	p.asked = p.keep(func(_ js.Value, args []js.Value) any {
		p.told <- args[0].Bool()
		return nil
	})
	p.unreliable = p.pc.Call("createDataChannel", "packets", object("negotiated", true, "id", 0, "ordered", false, "maxRetransmits", 0))
	p.reliable = p.pc.Call("createDataChannel", "messages", object("negotiated", true, "id", 1))
	p.hearConnection()
	p.hearChannels()
	return p, nil
}

// hearConnection hands on what the connection tells.
func (p *pipe) hearConnection() {
	ev := p.events
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
		state := p.pc.Get("iceConnectionState").String()
		ev.ice(state)
		if state == "connected" {
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
}

// hearChannels hands on what the channels bring.
func (p *pipe) hearChannels() {
	ev, opened := p.events, 0
	for _, c := range []struct {
		channel js.Value
		take    func(n int, copy func(dst []byte))
	}{{p.unreliable, ev.packet}, {p.reliable, ev.message}} {
		c.channel.Set("binaryType", "arraybuffer")
		p.on(c.channel, "onopen", func(js.Value) {
			if opened++; opened == 2 {
				ev.open()
			}
		})
		p.on(c.channel, "onclose", func(js.Value) { ev.failed(ErrGone) })
		p.receive(c.channel, c.take)
	}
}

// receive has what a channel brings copied from room.
func (p *pipe) receive(channel js.Value, take func(n int, copy func(dst []byte))) {
	copy := func(dst []byte) { js.CopyBytesToGo(dst, p.room) }
	came := func(n int) {
		if n < 0 {
			p.events.hostile(errText)
			return
		}
		take(n, copy)
	}
	if glue.Truthy() {
		glue.Call("receive", channel, p.room, p.keep(func(_ js.Value, args []js.Value) any {
			came(args[0].Int())
			return nil
		}))
		return
	}
	p.on(channel, "onmessage", func(e js.Value) {
		data, n := e.Get("data"), -1
		if data.Type() == js.TypeObject {
			n = data.Get("byteLength").Int()
		}
		if n >= 0 && n <= p.most {
			p.room.Call("set", uint8Array.New(data))
		}
		came(n)
	})
}

// on sets a handler that lives as long as the pipe.
func (p *pipe) on(target js.Value, event string, f func(e js.Value)) {
	target.Set(event, p.keep(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	}))
}

// keep keeps a function as long as the pipe.
func (p *pipe) keep(f func(this js.Value, args []js.Value) any) js.Func {
	fn := js.FuncOf(f)
	p.funcs = append(p.funcs, fn)
	return fn
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

func (p *pipe) send(packet []byte) error { return p.post(p.unreliable, packet) }

// unsent is how many bytes of packets wait here.
func (p *pipe) unsent() int { return p.unreliable.Get("bufferedAmount").Int() }

// sendMessage says a frame; a pipe that can't will close, and what waits is said by the next.
func (p *pipe) sendMessage(frame []byte) { _ = p.post(p.reliable, frame) }

// unsaid is how many bytes of frames wait here.
func (p *pipe) unsaid() int { return p.reliable.Get("bufferedAmount").Int() }

// addresses would be those of this machine; pages are not told.
func addresses() string { return "" }

func (p *pipe) post(channel js.Value, b []byte) (err error) {
	defer caught(&err)
	room := p.room
	if len(b) > p.most {
		room = uint8Array.New(len(b))
	}
	js.CopyBytesToJS(room, b)
	if glue.Truthy() {
		glue.Call("send", channel, room, len(b))
	} else {
		channel.Call("send", room.Call("subarray", 0, len(b)))
	}
	return nil
}

// bye tells the other end, and waits a little for it to leave the page; after
// an answer, for the other end to close.
func (p *pipe) bye(answer bool) {
	if p.post(p.reliable, []byte{frameBye}) != nil {
		return
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for range 20 {
		if answer && p.reliable.Get("readyState").String() != "open" || !answer && p.reliable.Get("bufferedAmount").Int() == 0 {
			return
		}
		<-look.C
	}
}

func (p *pipe) close() {
	for _, c := range []js.Value{p.pc, p.unreliable, p.reliable} {
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
