//go:build worlds

package main

import (
	"context"
	"fmt"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Mouse, fingers and a gamepad reach the game, as they are now and one after the
// other, though page.js shows Ebiten one object for all of a kind.
func TestInput(t *testing.T) {
	url, _ := started(t, ".", "./testdata/hello")
	ctx := browser(t)
	do(t, ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := cdp.AddScriptToEvaluateOnNewDocument(`
			const pad = {index: 1, id: 'pad', mapping: 'standard', axes: [0, 0], buttons: [{pressed: false, value: 0}]};
			navigator.getGamepads = () => [null, {...pad}];
			const at = (x, y) => ({clientX: innerWidth / 320 * x, clientY: innerHeight / 180 * y});
			const canvas = () => document.querySelector('body > canvas');
			function moved(x, y) { canvas().dispatchEvent(new MouseEvent('mousemove', at(x, y))); }
			function touched(type, ...fingers) {
				const targetTouches = fingers.map(([identifier, x, y]) => new Touch({identifier, target: canvas(), ...at(x, y)}));
				canvas().dispatchEvent(new TouchEvent(type, {targetTouches}));
			}`).Do(ctx)
		return err
	}), chromedp.Navigate(url))
	until(t, ctx, "globalThis.updates > 10")
	do(t, ctx, chromedp.EmulateViewport(640, 360))
	until(t, ctx, "innerWidth === 640 && innerHeight === 360 && document.querySelector('body > canvas').width === 640")
	for _, c := range []struct{ script, want string }{
		{"moved(10, 20)", "mouse 10 20, pad 0 false"},
		{"moved(30, 40); touched('touchstart', [5, 100, 50])", "mouse 30 40, touch 5 100 50, pad 0 false"},
		{"touched('touchstart', [5, 110, 60], [6, 200, 70]); pad.axes = [0, -0.5]", "mouse 30 40, touch 5 110 60, touch 6 200 70, pad -0.5 false"},
		{"touched('touchend', [6, 210, 80]); pad.buttons = [{pressed: true, value: 1}]", "mouse 30 40, touch 6 210 80, pad -0.5 true"},
		{"touched('touchend')", "mouse 30 40, pad -0.5 true"},
	} {
		value[any](t, ctx, c.script+", 0")
		until(t, ctx, fmt.Sprintf("input === %q", c.want))
	}
	if !value[bool](t, ctx, "navigator.getGamepads() === navigator.getGamepads() && navigator.getGamepads()[1] === navigator.getGamepads()[1]") {
		t.Error("each look at the gamepads makes an object")
	}

	two := value[string](t, ctx, `new Promise((resolve) => {
		canvas().addEventListener('touchmove', ({targetTouches}) => {
			const [one, two] = [targetTouches.item(0), targetTouches.item(1)];
			resolve([one.identifier, two.identifier, targetTouches.length].join(' '));
		});
		touched('touchmove', [5, 10, 10], [6, 20, 20]);
	})`)
	if two != "5 6 2" {
		t.Errorf("two fingers are %s", two)
	}

	// Who listened may stop, and other canvases are not ours.
	got := value[string](t, ctx, `(() => {
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
