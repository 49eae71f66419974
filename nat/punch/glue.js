// glue.js is the part of the browser's links that is no Go. Each object of
// JavaScript that Go sees stays until Go collects its garbage, and that is
// seldom: a game that allocates nothing never needs it. So what comes with
// every packet, MessageEvent, ArrayBuffer and views, is dealt with here, and Go
// is told numbers.
(() => {
  'use strict';
  const pb = (globalThis.punchback ??= {});
  if (pb.glue) return;

  // A call of a Go function makes an event and a list of arguments, which Go
  // looks up as it looks up any object. From here on each function has one of
  // each for all its calls, be it a link's or the game's own, such as Ebiten's
  // for the next frame.
  function keep(proto) {
    const make = proto?._makeFuncWrapper;
    if (!make) return;
    let event; // Replaced is the way of calling that is known, and no other.
    make.call({ _resume() { event = this._pendingEvent; } }, 7)(0);
    if (!event || Object.keys(event).join() !== 'id,this,args' || event.id !== 7) return;

    proto._makeFuncWrapper = function (id) {
      const go = this;
      let kept = null;
      return function (...args) {
        const event = kept ?? { id, this: undefined, args: [], result: undefined };
        kept = null; // until Go has answered, which may call this again
        event.this = this;
        for (const a of args) event.args.push(a);
        go._pendingEvent = event;
        go._resume();
        const result = event.result;
        if (result === undefined) return; // Go answers later, or with that
        event.this = event.result = undefined;
        event.args.length = 0;
        kept = event;
        return result;
      };
    };
  }
  keep(globalThis.Go?.prototype);

  pb.glue = {
    // send sends the first n bytes of room.
    send: (channel, room, n) => channel.send(room.subarray(0, n)),

    // receive has each message of a channel put into room, as far as it is no
    // longer, and tells its length; that of a text is -1.
    receive(channel, room, take) {
      channel.onmessage = ({ data }) => {
        if (!(data instanceof ArrayBuffer)) return take(-1);
        if (data.byteLength <= room.length) room.set(new Uint8Array(data));
        take(data.byteLength);
      };
    },

    // stats brings a Map that Go knows up to date, and tells whether it could.
    stats(pc, known, done) {
      pc.getStats().then((now) => {
        for (const id of known.keys()) if (!now.has(id)) known.delete(id);
        for (const s of now.values()) {
          const old = known.get(s.id) ?? {};
          for (const name in old) if (!(name in s)) delete old[name];
          known.set(s.id, Object.assign(old, s));
        }
      }).then(() => done(true), () => done(false));
    },
  };
})();
