//go:build worlds

package main_test

import (
	"fmt"
	"strings"
	"testing"
)

// poor takes away what some browser has in secure contexts alone.
const poor = `
for (const name of ['clipboard', 'getGamepads', 'keyboard', 'locks', 'serviceWorker', 'storage', 'wakeLock']) delete Navigator.prototype[name];
for (const name of ['randomUUID', 'subtle']) delete Crypto.prototype[name];
for (const name of ['AudioWorklet', 'AudioWorkletNode', 'SharedArrayBuffer', 'WebTransport']) delete globalThis[name];
delete BaseAudioContext.prototype.audioWorklet;`

// TestLAN plays a match of two pages that were opened, with sound, by the link
// that the server prints for others: a page at such an address is no secure
// context, and Chromium here has even less there than it would.
func TestLAN(t *testing.T) {
	if world.lanErr != nil {
		t.Fatal(world.lanErr)
	}
	t.Parallel()
	cores.take(t, 2*aPage)
	link := fmt.Sprintf("%s/?room=%s&players=2&autoplay=1", world.lan, room(t))
	one := chromium.open(t, "chromium", link, ear, poor)
	two := firefox.open(t, "firefox", link, ear)
	for _, p := range []*tab{one, two} {
		p.until(`globalThis.worlds.match`)
		if eval[bool](p, `isSecureContext`) {
			t.Errorf("%s: %s is a secure context", p.name, link)
		}
		p.must(p.Press("e", 0)) // a person did something: sound may begin
		if !eval[bool](p, `punchback.copy(location.href)`) && p == one {
			t.Errorf("%s: the link is not copied", p.name)
		}
	}
	for _, p := range []*tab{one, two} {
		p.untilFrame(600)
		p.shot(p.name)
		p.until(`punchback.stats().path === 'direct'`)
		if n := strings.Count(p.console.String(), "getGamepads"); n > 1 {
			t.Errorf("%s: the console says %d times that there are no gamepads", p.name, n)
		}
	}
	one.until(`loudest > 0.05`) // Firefox makes no sound where there is no sound card
	agree(t, one, two, 1, 50)
}
