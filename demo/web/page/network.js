// network.js puts a bad network between the players: the query's lag and jitter
// (ms, one way) hold back the packets that this page sends, and loss loses its
// share of them. It touches only channels on which packets may be lost anyway.
(() => {
  'use strict';
  const query = new URLSearchParams(location.search);
  const number = (name, most) => Math.min(Math.max(Number(query.get(name)) || 0, 0), most);
  const lag = number('lag', 2000), jitter = number('jitter', 2000), loss = number('loss', 0.9);
  if (!lag && !jitter && !loss) return;

  // A Worker keeps the time: a hidden page's own timers are slow.
  const source = 'onmessage = (e) => setTimeout(() => postMessage(e.data.id), e.data.ms)';
  const clock = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  const held = new Map();
  let last = 0;
  clock.onmessage = (e) => {
    const deliver = held.get(e.data);
    held.delete(e.data);
    deliver();
  };

  const send = RTCDataChannel.prototype.send;
  RTCDataChannel.prototype.send = function (packet) {
    if (this.ordered || this.maxRetransmits !== 0) return send.call(this, packet);
    if (Math.random() < loss || held.size > 10000) return;
    const copy = ArrayBuffer.isView(packet) ? packet.slice() : packet;
    held.set(++last, () => {
      if (this.readyState === 'open') send.call(this, copy);
    });
    clock.postMessage({ id: last, ms: lag + jitter * Math.random() });
  };
})();
