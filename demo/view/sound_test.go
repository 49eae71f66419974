//go:build !cgo && !windows

package view

import (
	"testing"

	"github.com/punchback/punchback/netcode/cues"
)

// These tests need no window, and Ebiten wants one as soon as it is linked:
// they run with CGO_ENABLED=0, where it is not.

func loudest(buf []byte) (most int) {
	for i := 0; i < len(buf); i += 2 {
		s := int(int16(uint16(buf[i]) | uint16(buf[i+1])<<8))
		most = max(most, s, -s)
	}
	return most
}

func TestMixer(t *testing.T) {
	var m mixer
	second := make([]byte, 4*soundRate+3)
	if n := m.read(second); n != 4*soundRate {
		t.Fatalf("read %d bytes; whole samples are %d", n, 4*soundRate)
	}
	if l := loudest(second[:4*soundRate]); l != 0 {
		t.Fatalf("nothing plays, and yet the loudest sample is %d", l)
	}
	m.play(tone{from: 440, to: 220, length: 0.2, square: 0.5, gain: 0.3, delay: 0.5}, cues.Cue{})
	m.read(second)
	if l := loudest(second[:4*soundRate/2]); l != 0 {
		t.Errorf("a delayed tone is heard at once: %d", l)
	}
	if l := loudest(second[4*soundRate/2 : 4*soundRate]); l < 3000 || l > 20000 {
		t.Errorf("the loudest sample is %d", l)
	}
	if m.read(second); loudest(second[:4*soundRate]) != 0 {
		t.Error("a tone never ends")
	}
	for range 100 {
		m.play(tone{from: 440, to: 440, length: 0.5, gain: 1}, cues.Cue{})
	}
	if m.read(second); loudest(second[:4*soundRate]) > 30000 {
		t.Error("many tones at once are clipped")
	}
	if n := testing.AllocsPerRun(10, func() { m.read(second[:4096]) }); n != 0 {
		t.Errorf("%v allocations per read", n)
	}
}

// A cue that did not happen fades without a click, and the others play on.
func TestASoundFades(t *testing.T) {
	var m mixer
	hit, jump := cues.Cue{Frame: 7, Kind: 1}, cues.Cue{Frame: 7, Kind: 2}
	buf := make([]byte, 4*soundRate/10)
	m.play(tone{from: 440, to: 440, length: 2, gain: 0.5}, hit)
	m.read(buf)
	m.fade(jump)
	if m.read(buf); loudest(buf) < 8000 {
		t.Error("another cue's fading is heard")
	}
	m.fade(hit)
	last := int16(uint16(buf[len(buf)-2]) | uint16(buf[len(buf)-1])<<8)
	m.read(buf)
	for i := 0; i < len(buf); i += 4 {
		s := int16(uint16(buf[i]) | uint16(buf[i+1])<<8)
		if d := int(s) - int(last); max(d, -d) > 2000 {
			t.Fatalf("sample %d clicks: %d after %d", i/4, s, last)
		}
		last = s
	}
	if l := loudest(buf[len(buf)/2+400:]); l != 0 {
		t.Errorf("it goes on: %d", l)
	}
}
