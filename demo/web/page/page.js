// page.js keeps a game going in a hidden tab. Load it before any WASM: Ebiten
// takes requestAnimationFrame once, at its start, and a hidden tab gets no
// animation frames at all, so that a player who looks elsewhere would freeze
// everybody else. While frames are missing, a Worker's timer, which browsers do
// not slow down, calls the pending callbacks instead. It also offers what a page
// can do better than WASM: globalThis.punchback.frames, copy, report,
// ended and saveTrace.
(() => {
  'use strict';
  const pb = (globalThis.punchback ??= {});
  if (pb.frames) return; // loaded twice

  const nativeRequest = window.requestAnimationFrame.bind(window);
  const late = 1000; // ms without a frame after which a visible page counts as hidden too (scrolled away, covered);
                     // a slow one has frames now and then, and must not draw more

  let waiting = new Map(); // what the next run calls, by id
  let running = null;      // what the present run still has to call
  let lastID = 0;
  let armed = false;       // a native frame is asked for
  let lastNative = performance.now();
  let native = 0, worker = 0;

  // run calls what was waiting, each once. What a callback asks for waits for the next run.
  function run(now) {
    if (running) return;
    running = waiting;
    waiting = new Map();
    try {
      for (const [id, callback] of running) {
        running.delete(id);
        try {
          callback(now);
        } catch (err) {
          reportError(err); // one failing callback must not stop the others
        }
      }
    } finally {
      running = null;
    }
  }

  // arm asks for a native frame. It stays asked for while the page is hidden:
  // it is what takes over again, and what proves that none came.
  function arm() {
    if (armed) return;
    armed = true;
    nativeRequest((now) => {
      armed = false;
      native++;
      lastNative = performance.now();
      if (!document.hidden) run(now);
      if (waiting.size) arm();
    });
  }

  // A picture that nobody sees is still drawn, and nothing but this fence holds
  // back a hidden page that asks for more of them than it can draw: they would
  // pile up, and freeze the page for seconds when it is shown again.
  let gl = null, fence = null;
  function drawn() {
    if (!fence) return true;
    if (!gl.isContextLost() && gl.clientWaitSync(fence, gl.SYNC_FLUSH_COMMANDS_BIT, 0) === gl.TIMEOUT_EXPIRED) return false;
    gl.deleteSync(fence);
    fence = null;
    return true;
  }

  // tick is the Worker's turn: it drives only while frames are missing.
  function tick() {
    const now = performance.now();
    if (!document.hidden && now - lastNative < late) return;
    worker++;
    if (!drawn()) return;
    run(now);
    if (!waiting.size) return; // no game has begun: its canvas is not ours to touch
    arm();
    gl ??= document.querySelector('canvas')?.getContext('webgl2') ?? null;
    fence = gl?.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0) ?? null;
  }

  window.requestAnimationFrame = (callback) => {
    const id = ++lastID;
    waiting.set(id, callback);
    arm();
    return id;
  };
  window.cancelAnimationFrame = (id) => {
    waiting.delete(id);
    running?.delete(id);
  };

  // Whatever Go has seen of JavaScript stays until it collects its garbage, and
  // that is seldom. So Ebiten is shown one object that stands for all that come
  // at a place, and shows what the last one does: itself, or again objects that
  // stand for its own.
  function stand() {
    let now;
    const parts = new Map();
    const part = (name, v) => {
      if (v === null || typeof v !== 'object') return v;
      if (!parts.has(name)) parts.set(name, stand());
      return parts.get(name)(v);
    };
    const shown = new Proxy({}, {
      get: (_, name) => typeof now[name] === 'function' ? (...args) => part(String(name) + args, now[name](...args)) : part(name, now[name]),
    });
    return (v) => {
      now = v;
      return shown;
    };
  }

  // The gamepads, for which Ebiten asks in each frame. A page over plain http
  // from another machine has none, of which Ebiten would warn each time.
  const pads = [], stands = [];
  const lookAtPads = navigator.getGamepads?.bind(navigator);
  navigator.getGamepads = () => {
    const now = lookAtPads?.() ?? [];
    pads.length = now.length;
    for (let i = 0; i < now.length; i++) pads[i] = now[i] && (stands[i] ??= stand())(now[i]);
    return pads;
  };

  // Keys, mice and fingers: Ebiten looks at each event of its canvas, which is
  // the body's.
  const { addEventListener: listen, removeEventListener: unlisten } = EventTarget.prototype;
  const listeners = new WeakMap(); // those that see what stands for events, by those that asked
  HTMLCanvasElement.prototype.addEventListener = function (type, f, ...options) {
    if (this.parentNode === document.body && typeof f === 'function' && /^(key|mouse|touch|wheel)/.test(type)) {
      const asked = f, show = stand();
      if (!listeners.has(f)) listeners.set(f, function (e) { return asked.call(this, show(e)); });
      f = listeners.get(f);
    }
    listen.call(this, type, f, ...options);
  };
  HTMLCanvasElement.prototype.removeEventListener = function (type, f, ...options) {
    unlisten.call(this, type, f, ...options);
    if (listeners.has(f)) unlisten.call(this, type, listeners.get(f), ...options);
  };

  // The Worker ticks fast while the page is hidden, and looks now and then while it is shown.
  const source = `
    let timer;
    onmessage = (e) => { clearInterval(timer); timer = setInterval(() => postMessage(0), e.data); };
  `;
  let pace = () => {};
  let paced = 0;
  try {
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const w = new Worker(url);
    URL.revokeObjectURL(url);
    w.onmessage = () => { tick(); pace(); };
    pace = () => {
      const ms = document.hidden || performance.now() - lastNative >= late ? 16 : 100;
      if (ms !== paced) w.postMessage(paced = ms);
    };
  } catch {
    setInterval(tick, 16); // no Workers here: hidden tabs get one tick a second
  }
  pace();

  document.addEventListener('visibilitychange', () => {
    lastNative = performance.now(); // shown again, native frames get their chance first
    pace();
  });

  // frames counts what drove the page: native animation frames and the Worker's ticks.
  pb.frames = () => ({ native, worker });

  // copy puts text on the clipboard; its promise tells whether that worked.
  // A page over plain http from another machine has no navigator.clipboard.
  pb.copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement('textarea');
      const before = document.activeElement;
      area.value = text;
      area.style.cssText = 'position:fixed;left:0;top:0;opacity:0';
      document.body.append(area);
      area.focus({ preventScroll: true });
      area.select();
      try {
        return document.execCommand('copy');
      } catch {
        return false;
      } finally {
        area.remove();
        before?.focus?.();
      }
    }
  };

  // saveTrace gives the player a file to send to the developer: what happened to the
  // room that was joined last, as the SDK's punchback.trace() says. A program that has
  // ended answers no more, and has left what it knew when the room changed last. It
  // returns the name of the file, or nothing where there is nothing to save.
  const trace = () => {
    try {
      return pb.trace() ?? pb.traced;
    } catch {
      return pb.traced;
    }
  };
  pb.saveTrace = (text = trace()) => {
    if (!text) return '';
    const a = document.createElement('a');
    a.download = 'punchback-trace-' + new Date().toISOString().slice(0, 19).replace(/\D/g, '') + '.txt';
    a.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 60000);
    return a.download;
  };

  // ended is how the SDK says why a match or the room is over, whatever the game
  // makes of it: to the developer, and to the player where the page has a notice.
  // A game that shows such things by itself sets punchback.own.
  pb.ended = (text) => {
    pb.report(text);
    if (!pb.own) pb.notice?.(text);
  };

  // report tells the developer something, such as a desync: on the console, and
  // in the terminal of the server when the page comes from demo/web.
  pb.report = (text) => {
    console.warn(String(text));
    if (pb.reports) {
      const body = new TextEncoder().encode(text).slice(0, 4096); // the most that is read there
      fetch(pb.reports, { method: 'POST', body, keepalive: true, headers: { 'Content-Type': 'text/plain' } }).catch(() => {});
    }
  };
})();
