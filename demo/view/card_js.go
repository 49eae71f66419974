package view

import (
	"encoding/binary"
	"fmt"
	"math"
	"syscall/js"

	"github.com/punchback/punchback/netcode/cues"
)

// card is the browser's sound. Each tone is rendered once, into a buffer that
// the browser mixes by itself: nothing runs while nothing sounds, and it needs
// no worklet, which a page has only in a secure context. Whatever a browser
// lacks or refuses is a panic in Go; here it ends the sound and never the game.
type card struct {
	context js.Value
	out     js.Value // all voices go through it
	tones   map[tone]js.Value
	voices  [voices]struct {
		cause          cues.Cue
		source, volume js.Value
	}
	next   int
	broken bool
}

// maxTones is how many rendered tones are kept: more than the game has.
const maxTones = 128

func openCard() *card {
	c := &card{tones: map[tone]js.Value{}}
	c.try(c.open)
	if c.broken {
		return nil
	}
	return c
}

// try does what may fail. After the first failure there is no sound.
func (c *card) try(f func()) {
	if c.broken {
		return
	}
	defer func() {
		if why := recover(); why != nil {
			c.broken = true
			js.Global().Get("console").Call("warn", fmt.Sprint("no sound: ", why))
		}
	}()
	f()
}

// get is what Value.Get is, which lets the exception of a getter end the program,
// as does Value.Set with that of a setter; from calls exceptions come as panics.
func get(v js.Value, name string) js.Value {
	return js.Global().Get("Reflect").Call("get", v, name)
}

// node makes a part of the audio graph that has one property.
func (c *card) node(class, property string, value any) js.Value {
	return js.Global().Get(class).New(c.context, map[string]any{property: value})
}

func (c *card) open() {
	class := js.Global().Get("AudioContext")
	if !class.Truthy() {
		class = js.Global().Get("webkitAudioContext")
	}
	c.context = class.New()
	// Loud sounds that meet are bent, and not cut off.
	const steps, loudest = 1025, 4
	curve := js.Global().Get("Float32Array").New(steps)
	for i := range steps {
		curve.SetIndex(i, 0.92*math.Tanh(loudest*(2*float64(i)/(steps-1)-1)))
	}
	shaper := c.node("WaveShaperNode", "curve", curve)
	shaper.Call("connect", get(c.context, "destination"))
	c.out = c.node("GainNode", "gain", 1.0/loudest)
	c.out.Call("connect", shaper)

	// A browser lets a page sound only after its reader has done something.
	refused := js.FuncOf(func(js.Value, []js.Value) any { return nil }) // the next key asks again
	wake := js.FuncOf(func(js.Value, []js.Value) any {
		c.try(func() {
			if get(c.context, "state").String() != "running" {
				c.context.Call("resume").Call("then", js.Undefined(), refused)
			}
		})
		return nil
	})
	for _, event := range []string{"keyup", "mouseup", "touchend"} {
		js.Global().Get("document").Call("addEventListener", event, wake)
	}
}

func (c *card) play(t tone, cause cues.Cue) {
	c.try(func() {
		if get(c.context, "state").String() != "running" {
			return
		}
		at := get(c.context, "currentTime").Float() + t.delay
		t.delay = 0
		v := &c.voices[c.next]
		c.next = (c.next + 1) % len(c.voices)
		if v.source.Truthy() {
			v.source.Call("stop") // the oldest gives way
		}
		v.cause = cause
		v.source, v.volume = c.node("AudioBufferSourceNode", "buffer", c.rendered(t)), c.node("GainNode", "gain", 1)
		v.source.Call("connect", v.volume)
		v.volume.Call("connect", c.out)
		v.source.Call("start", at)
	})
}

// rendered is a tone as a buffer of the browser's.
func (c *card) rendered(t tone) js.Value {
	if b, ok := c.tones[t]; ok {
		return b
	}
	if len(c.tones) >= maxTones {
		clear(c.tones)
	}
	v := voice{tone: t, on: true, seed: 1}
	var raw []byte
	for v.on {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v.sample())))
	}
	b := c.context.Call("createBuffer", 1, len(raw)/4, soundRate)
	samples := b.Call("getChannelData", 0)
	js.CopyBytesToJS(js.Global().Get("Uint8Array").New(samples.Get("buffer"), samples.Get("byteOffset"), samples.Get("byteLength")), raw)
	c.tones[t] = b
	return b
}

func (c *card) fade(cause cues.Cue) {
	c.try(func() {
		for k := range c.voices {
			v := &c.voices[k]
			if v.cause != cause || !v.source.Truthy() {
				continue
			}
			v.cause = cues.Cue{}
			now, gain := get(c.context, "currentTime").Float(), get(v.volume, "gain")
			gain.Call("setValueAtTime", 1, now)
			gain.Call("linearRampToValueAtTime", 0, now+fading)
		}
	})
}
