//go:build worlds

package main_test

import (
	"fmt"
	"testing"
)

// handles keeps a page's channels of packets, so that a test can close one.
const handles = `
globalThis.channels = [];
const create = RTCPeerConnection.prototype.createDataChannel;
RTCPeerConnection.prototype.createDataChannel = function (label, options) {
	const channel = create.call(this, label, options);
	if (options?.ordered === false) channels.push(channel);
	return channel;
};
globalThis.open = () => channels.filter((c) => c.readyState === 'open');`

// TestFirefox plays a match of three: Firefox, Chromium and a bot. Firefox is
// hidden for half a minute behind another tab, which the others do not feel, and
// one of its channels is closed, which heals.
func TestFirefox(t *testing.T) {
	t.Parallel()
	cores.take(t, most())
	const frames = 3300
	fox := firefox.open(t, "firefox", join(room(t), 3), handles)
	chrome := open(t, "chromium", join(room(t), 3))
	b := start(t, "bot", "bot", "-server", world.server, "-room", room(t), "-players", "3", "-frames", fmt.Sprint(frames))
	fox.untilFrame(180)
	fox.front()
	unfelt(t, fox, 1800, func() int { return chrome.stats().Stalls + stalls(t, b) })
	fox.show()
	fox.shot("firefox")

	fox.until(`open().length === 2`) // one to each of the others
	made := eval[int](fox, `open()[0].close(), channels.length`)
	fox.until(fmt.Sprintf(`channels.length > %d && open().length === 2`, made))
	fox.untilFrame(fox.stats().Confirmed + 180)
	fox.until(`punchback.stats().path === 'direct'`)
	fox.untilFrame(frames)
	chrome.untilFrame(frames)
	hash := b.says(t, fmt.Sprintf("played: frame %d has hash ([0-9a-f]{16})", frames))
	for _, p := range []*tab{fox, chrome} {
		if got := p.seen().Hashes[fmt.Sprint("1.", frames)]; got != hash {
			t.Errorf("frame %d: the bot has %s, %s %q", frames, hash, p.name, got)
		}
	}
	agree(t, fox, chrome, 1, frames/10-10)
}
