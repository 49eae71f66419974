//go:build !js && (cgo || windows)

package view

import (
	"sync"
	"time"

	"github.com/ebitengine/oto/v3"

	"github.com/punchback/punchback/netcode/cues"
)

// card is the sound card. It is oto's and not ebiten/audio's, which ends the
// whole game when there is none: here the error is read, and the game goes on
// in silence. When the card goes away, nothing reads any more.
type card struct {
	mu     sync.Mutex // of all: the sound card reads on its own thread
	mixer  mixer
	player *oto.Player
}

// openCard opens it in the background; nil is silent.
func openCard() *card {
	c := &card{}
	ctx, ready, err := oto.NewContext(&oto.NewContextOptions{
		SampleRate: soundRate, ChannelCount: 2, Format: oto.FormatSignedInt16LE, BufferSize: 30 * time.Millisecond,
	})
	if err != nil {
		return nil
	}
	go func() { // ends when the card has answered
		<-ready
		if ctx.Err() != nil {
			return
		}
		p := ctx.NewPlayer(c)
		p.SetBufferSize(soundRate * 4 / 25)
		p.Play()
		c.mu.Lock()
		c.player = p
		c.mu.Unlock()
	}()
	return c
}

// Read is what the sound card calls.
func (c *card) Read(buf []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mixer.read(buf), nil
}

func (c *card) play(t tone, cause cues.Cue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.player != nil {
		c.mixer.play(t, cause)
	}
}

func (c *card) fade(cause cues.Cue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mixer.fade(cause)
}
