// live.js asks for new builds: it reloads the page when one is there and shows
// the compiler's words when there is none.
(() => {
  'use strict';
  if (window.parent !== window) return; // the page around it reloads
  const build = document.currentScript.dataset.build;
  const panel = document.createElement('pre');
  panel.id = 'broken';
  panel.style.cssText = 'position:fixed;z-index:20;left:0;right:0;bottom:0;max-height:50%;overflow:auto;margin:0;padding:1em;' +
    'background:#300e;color:#fcc;font:13px/1.4 monospace;white-space:pre-wrap';
  let pause = 500;
  (async function ask() {
    try {
      const news = await (await fetch('/-/live')).json();
      if (news.build !== build) return location.reload();
      panel.textContent = news.broken || '';
      if (news.broken) document.body.append(panel);
      else panel.remove();
      pause = 500;
    } catch {
      pause = Math.min(pause * 2, 10000); // the server is gone; perhaps it comes back
    }
    setTimeout(ask, pause);
  })();
})();
