package view

import (
	"math"

	"github.com/punchback/punchback/netcode/cues"
)

// soundRate is that of the sounds, in samples a second.
const soundRate = 44100

// tone is a sound to make: a tone that glides, with noise in it, that dies away.
type tone struct {
	from, to float64 // Hz
	length   float64 // s
	noise    float64 // 0 to 1
	square   float64 // 0 is a sine, 1 a square
	gain     float64
	delay    float64 // s
}

// voices is how many tones sound at once.
const voices = 12

// mixer adds up tones that play at once. It is a stream without an end. The
// number of voices is bounded; the oldest gives way.
type mixer struct {
	voices [voices]voice
	next   int
}

type voice struct {
	tone
	cause cues.Cue // that it is the sound of
	at    float64  // s
	end   float64  // s that are left when it fades; 0 is until it has died away
	phase float64
	on    bool
	seed  uint32
}

// fading is how long a sound takes to fade, in seconds: longer than a click,
// shorter than what it would have meant.
const fading = 0.05

func (m *mixer) play(t tone, cause cues.Cue) {
	m.voices[m.next] = voice{tone: t, cause: cause, on: true, at: -t.delay, seed: uint32(m.next)*77 + 1}
	m.next = (m.next + 1) % len(m.voices)
}

// fade ends the sounds of a cue.
func (m *mixer) fade(cause cues.Cue) {
	for k := range m.voices {
		if v := &m.voices[k]; v.on && v.end == 0 && v.cause == cause {
			v.end = fading
		}
	}
}

// read fills buf with stereo samples of 16 bits, both sides the same.
func (m *mixer) read(buf []byte) int {
	n := len(buf) &^ 3
	for i := 0; i < n; i += 4 {
		sum := 0.0
		for k := range m.voices {
			if v := &m.voices[k]; v.on {
				sum += v.sample()
			}
		}
		s := int16(math.Tanh(sum) * 30000)
		buf[i], buf[i+1] = byte(s), byte(s>>8)
		buf[i+2], buf[i+3] = byte(s), byte(s>>8)
	}
	return n
}

func (v *voice) sample() float64 {
	v.at += 1.0 / soundRate
	if v.at < 0 {
		return 0
	}
	k, left := v.at/v.length, 1.0
	if v.end > 0 {
		v.end -= 1.0 / soundRate
		left = v.end / fading
	}
	if k >= 1 || left <= 0 {
		v.on = false
		return 0
	}
	v.phase += (v.from + (v.to-v.from)*math.Sqrt(k)) / soundRate
	v.phase -= math.Floor(v.phase)
	s := math.Sin(2 * math.Pi * v.phase)
	if v.square > 0 {
		q := 1.0
		if v.phase > 0.5 {
			q = -1
		}
		s += (q*0.6 - s) * v.square
	}
	v.seed = v.seed*1664525 + 1013904223
	s += (float64(int32(v.seed))/(1<<31) - s) * v.noise
	attack := min(v.at*400, 1)
	return s * v.gain * attack * (1 - k) * (1 - k) * left
}
