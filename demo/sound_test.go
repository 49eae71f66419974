//go:build worlds

package main_test

import "testing"

// ear is how loud the page has been, at its loudest.
const ear = `
globalThis.loudest = 0;
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
	if (to === this.context.destination && !globalThis.listens) {
		globalThis.listens = true;
		const analyser = this.context.createAnalyser(), heard = new Float32Array(analyser.fftSize);
		connect.call(this, analyser);
		setInterval(() => { analyser.getFloatTimeDomainData(heard); for (const v of heard) loudest = Math.max(loudest, Math.abs(v)); }, 20);
	}
	return connect.call(this, to, ...more);
};`

// faults makes every use of sound throw from the n-th on.
const faults = `
let used = 0, last = Infinity;
globalThis.context = undefined;
const use = (what) => { if (++used >= last) throw new DOMException('on purpose: ' + what, 'NotSupportedError'); };
const { close, resume } = AudioContext.prototype;
for (const { prototype } of [BaseAudioContext, AudioContext, AudioNode, AudioParam, AudioBuffer, AudioScheduledSourceNode, AudioBufferSourceNode, WaveShaperNode, GainNode])
	for (const [name, d] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
		for (const kind of ['value', 'get', 'set']) {
			const f = d[kind];
			if (name !== 'constructor' && typeof f === 'function') d[kind] = function (...a) { use(name); return f.apply(this, a); };
		}
		if (d.configurable) Object.defineProperty(prototype, name, d);
	}
const Real = AudioContext;
globalThis.AudioContext = new Proxy(Real, { construct(C, a) { use('new'); return context = new C(...a); } });
globalThis.unhandled = [];
addEventListener('unhandledrejection', (e) => unhandled.push(String(e.reason)));
addEventListener('error', (e) => unhandled.push(e.message));

// play opens a sound card and makes sounds before and after a key goes up.
globalThis.play = async () => {
	used = 0;
	begin();
	sound();
	document.dispatchEvent(new Event('keyup'));
	if (context) await Promise.race([resume.call(context).catch(() => {}), new Promise((ok) => setTimeout(ok, 1000))]);
	const rounds = sound();
	if (context) await close.call(context).catch(() => {});
	document.dispatchEvent(new Event('keyup'));
	sound(); // on a card that went away
	context = undefined;
	return rounds;
};
// each has one use more succeed than the one before, until none fails.
globalThis.each = async () => {
	for (let n = 1; ; n++) {
		last = n;
		await play();
		if (used < n) return n;
	}
};
globalThis.lacks = async () => {
	last = Infinity;
	for (const lack of [undefined, {}, class { constructor() { throw new Error('no device'); } },
		class extends Real { resume() { return Promise.reject(new Error('not now')); } },
		class extends Real { resume() { return new Promise(() => {}); } get state() { return 'suspended'; } },
		class extends Real { resume() {} get state() { return 'suspended'; } }]) {
		globalThis.AudioContext = globalThis.webkitAudioContext = lack;
		await play();
	}
	return sound();
};`

// TestSoundFails has each use of the browser's sound fail in turn, and what a
// browser may lack: the program goes on, and nothing is left unhandled.
func TestSoundFails(t *testing.T) {
	t.Parallel()
	cores.take(t, aBot) // it draws nothing
	url := bareServer(t, "./view/testdata/sound")
	p := open(t, "page", url, ear, faults)
	p.until(`globalThis.begin`)
	p.must(p.Press("a", 0)) // or no page may sound
	p.must(p.Act(`begin(), context.resume().then(sound)`, nil))
	p.until(`loudest > 0.05`)
	if n := eval[int](p, `each()`); n < 50 {
		t.Errorf("only %d uses of the browser's sound could fail", n)
	}
	before := eval[int](p, `sound()`)
	if n := eval[int](p, `lacks()`); n <= before {
		t.Errorf("%d rounds of sound, then %d", before, n)
	}
	if left := eval[[]string](p, `unhandled`); len(left) > 0 {
		t.Errorf("unhandled: %q", left)
	}
}
