//go:build cgo || windows || js

package view

import (
	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/netcode/cues"
)

// Speaker plays cues. What fails about sound, at whatever time, leaves the game
// silent and does nothing else to it.
type Speaker struct {
	card   *card
	last   [32]int // tick in which a kind was heard last
	tick   int
	volume float64
}

// NewSpeaker opens the sound card in the background. A nil Speaker is silent.
func NewSpeaker() *Speaker {
	if c := openCard(); c != nil {
		return &Speaker{card: c, volume: 1}
	}
	return nil
}

// Tick lets time pass: one sound of a kind is enough for a few ticks.
func (s *Speaker) Tick() {
	if s != nil {
		s.tick++
	}
}

// Volume sets how loud the next sounds are, 0 to 1.
func (s *Speaker) Volume(v float64) {
	if s != nil {
		s.volume = v
	}
}

func (s *Speaker) play(cause cues.Cue, tones ...tone) {
	if s == nil || s.volume == 0 {
		return
	}
	for _, t := range tones {
		t.gain *= s.volume
		s.card.play(t, cause)
	}
}

// Fade ends the sound of a cue that turned out not to have happened.
func (s *Speaker) Fade(c cues.Cue) {
	if s != nil {
		s.card.fade(c)
	}
}

// Blip is the sound of a menu.
func (s *Speaker) Blip(high bool) {
	if high {
		s.play(cues.Cue{}, tone{from: 520, to: 780, length: 0.12, square: 0.3, gain: 0.2})
	} else {
		s.play(cues.Cue{}, tone{from: 420, to: 440, length: 0.05, square: 0.3, gain: 0.14})
	}
}

// Cue plays what an event sounds like.
func (s *Speaker) Cue(c cues.Cue) {
	if s == nil || int(c.Kind) >= len(s.last) || s.tick-s.last[c.Kind] < 3 {
		return
	}
	s.last[c.Kind] = s.tick
	size := float64(c.Size)
	switch c.Kind {
	case game.CueCount:
		s.play(c, tone{from: 440, to: 440, length: 0.18, square: 0.4, gain: 0.25})
	case game.CueGo:
		s.play(c, tone{from: 880, to: 880, length: 0.4, square: 0.4, gain: 0.28}, tone{from: 1320, to: 1320, length: 0.4, gain: 0.15})
	case game.CueJump:
		s.play(c, tone{from: 240, to: 520, length: 0.14, gain: 0.22})
	case game.CueAirJump:
		s.play(c, tone{from: 380, to: 760, length: 0.14, gain: 0.22})
	case game.CueLand:
		s.play(c, tone{from: 120, to: 60, length: 0.1, noise: 0.5, gain: min(0.1+size*0.02, 0.3)})
	case game.CueDash:
		s.play(c, tone{from: 900, to: 200, length: 0.18, noise: 0.8, gain: 0.25})
	case game.CueSwing:
		s.play(c, tone{from: 700, to: 300, length: 0.1, noise: 0.85, gain: 0.16 + size*0.03})
	case game.CueCharged:
		s.play(c, tone{from: 990, to: 1320, length: 0.16, gain: 0.22})
	case game.CueHit:
		s.play(c, tone{from: 190 + size*4, to: 40, length: 0.16 + size*0.012, square: 0.5, gain: min(0.45+size*0.02, 0.9)},
			tone{from: 800, to: 100, length: 0.09 + size*0.006, noise: 0.9, gain: 0.5})
	case game.CueBounce:
		s.play(c, tone{from: 160, to: 70, length: 0.14, noise: 0.3, gain: 0.35})
	case game.CueFall:
		s.play(c, tone{from: 700, to: 50, length: 0.8, square: 0.3, gain: 0.5}, tone{from: 90, to: 30, length: 0.9, noise: 0.6, gain: 0.6})
	case game.CueSudden:
		s.play(c, tone{from: 330, to: 160, length: 0.7, square: 1, gain: 0.3})
	case game.CueRound:
		s.play(c, tone{from: 523, to: 523, length: 0.2, square: 0.4, gain: 0.25}, tone{from: 659, to: 659, length: 0.2, square: 0.4, gain: 0.25, delay: 0.12},
			tone{from: 784, to: 784, length: 0.4, square: 0.4, gain: 0.25, delay: 0.24})
	case game.CueMatch:
		for i, f := range [...]float64{523, 659, 784, 1047, 784, 1047} {
			s.play(c, tone{from: f, to: f, length: 0.3, square: 0.4, gain: 0.25, delay: float64(i) * 0.13})
		}
	}
}
