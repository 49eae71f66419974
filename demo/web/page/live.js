// live.js listens for new builds: it reloads the page when one is there and
// shows the compiler's words when there is none. A WebSocket, since a browser
// holds only six ordinary connections to one server over all of its tabs.
(() => {
  'use strict';
  if (window.parent !== window) return; // the page around it reloads
  const build = document.currentScript.dataset.build;
  const panel = document.createElement('pre');
  panel.id = 'broken';
  panel.style.cssText = 'position:fixed;z-index:20;left:0;right:0;bottom:0;max-height:50%;overflow:auto;margin:0;padding:1em;' +
    'background:#300e;color:#fcc;font:13px/1.4 monospace;white-space:pre-wrap';
  let pause = 500;
  (function connect() {
    const ws = new WebSocket(location.origin.replace(/^http/, 'ws') + '/-/live');
    ws.onmessage = (e) => {
      pause = 500;
      const news = JSON.parse(e.data);
      if (news.build !== build) return location.reload();
      panel.textContent = news.broken || '';
      if (news.broken) document.body.append(panel);
      else panel.remove();
    };
    ws.onclose = () => setTimeout(connect, pause = Math.min(pause * 2, 10000));
  })();
})();
