// Package scene holds the screens of the demo: the title, the room where people gather,
// the match, split screen, and a page that says in words what went wrong. Each scene is
// polled once a tick and hands over to the next; nothing here is called back.
//
// In the browser the address bar names the room, so that the page's own link is the
// invitation. globalThis.punchback.stats gives tests the state of the match.
package scene
