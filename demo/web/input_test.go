//go:build worlds

package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// Mouse, fingers and a gamepad reach the game, as they are now and one after the
// other, though page.js shows Ebiten one object for all of a kind.
func TestInput(t *testing.T) {
	url, _ := started(t, ".", "./testdata/hello")
	tab := browser(t)
	must(t, tab.Preload(`
			const pad = {index: 1, id: 'pad', mapping: 'standard', axes: [0, 0], buttons: [{pressed: false, value: 0}]};
			navigator.getGamepads = () => [null, {...pad}];
			const at = (x, y) => ({clientX: innerWidth / 320 * x, clientY: innerHeight / 180 * y});
			const canvas = () => document.querySelector('body > canvas');
			function moved(x, y) { canvas().dispatchEvent(new MouseEvent('mousemove', at(x, y))); }
			function touched(type, ...fingers) {
				const targetTouches = fingers.map(([identifier, x, y]) => new Touch({identifier, target: canvas(), ...at(x, y)}));
				canvas().dispatchEvent(new TouchEvent(type, {targetTouches}));
			}`))
	must(t, tab.Navigate(url))
	until(t, tab, "globalThis.updates > 10")
	must(t, tab.(*browsers.ChromeTab).Run(chromedp.EmulateViewport(640, 360)))
	until(t, tab, "innerWidth === 640 && innerHeight === 360 && document.querySelector('body > canvas').width === 640")
	for _, c := range []struct{ script, want string }{
		{"moved(10, 20)", "mouse 10 20, pad 0 false"},
		{"moved(30, 40); touched('touchstart', [5, 100, 50])", "mouse 30 40, touch 5 100 50, pad 0 false"},
		{"touched('touchstart', [5, 110, 60], [6, 200, 70]); pad.axes = [0, -0.5]", "mouse 30 40, touch 5 110 60, touch 6 200 70, pad -0.5 false"},
		{"touched('touchend', [6, 210, 80]); pad.buttons = [{pressed: true, value: 1}]", "mouse 30 40, touch 6 210 80, pad -0.5 true"},
		{"touched('touchend')", "mouse 30 40, pad -0.5 true"},
	} {
		value[any](t, tab, "(() => { "+c.script+"; return 0; })()")
		until(t, tab, fmt.Sprintf("input === %q", c.want))
	}
	if !value[bool](t, tab, "navigator.getGamepads() === navigator.getGamepads() && navigator.getGamepads()[1] === navigator.getGamepads()[1]") {
		t.Error("each look at the gamepads makes an object")
	}

	two := value[string](t, tab, `new Promise((resolve) => {
		canvas().addEventListener('touchmove', ({targetTouches}) => {
			const [one, two] = [targetTouches.item(0), targetTouches.item(1)];
			resolve([one.identifier, two.identifier, targetTouches.length].join(' '));
		});
		touched('touchmove', [5, 10, 10], [6, 20, 20]);
	})`)
	if two != "5 6 2" {
		t.Errorf("two fingers are %s", two)
	}

	// Whoever listened may stop, and other canvases are not ours.
	got := value[string](t, tab, `(() => {
		const seen = [], canvas = document.querySelector('body > canvas'), other = document.createElement('canvas');
		const listener = (e) => seen.push(e instanceof MouseEvent);
		for (const c of [canvas, other]) {
			c.addEventListener('mousemove', listener);
			c.dispatchEvent(new MouseEvent('mousemove'));
			c.removeEventListener('mousemove', listener);
			c.dispatchEvent(new MouseEvent('mousemove'));
		}
		return seen.join();
	})()`)
	if got != "false,true" {
		t.Errorf("listeners saw %s", got)
	}
}
