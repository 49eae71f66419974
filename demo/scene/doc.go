// Package scene is what the demo shows one after another: the title, the room
// where people gather, the match, split screen, and a page that says in words
// what went wrong. Each scene is polled once a tick and hands over to the
// next; nothing here is called back.
//
// In the browser the address bar names the room, so that the page's own link
// is the invitation, and globalThis.punchback.stats tells a test how it goes.
package scene
