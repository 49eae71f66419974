// Command web serves a game in the browser: the demo, or yours.
//
//	go run ./demo/web [flags] [package]
//
// It builds the WASM of any Ebiten package, serves it together with the
// signaling server and its STUN and TURN on one address, opens the browser, and
// builds again whenever you save. It needs Go alone: no C compiler and no system
// package. It never writes into your source tree, and by default nobody but this
// machine reaches it.
//
// -tabs 2 opens two players side by side; -lag, -jitter and -loss spoil what each sends.
// -addr :8080 lets friends in the network in, by one printed link per interface.
// -no-open opens no browser, and -mute is silent. -export DIR writes the page for a web
// host, with .br and .gz for signaling -web DIR, and -zip FILE one archive of it, for
// itch.io; both need -server, the signaling server that the page uses. ?server= in a link
// counts there only with -server-from-link. A page of your own loads page.js before the
// WASM, so that a hidden tab goes on ticking; a policy (CSP) without inline scripts is fine.
//
// A module that has a replace for github.com/punchback/punchback lacks what this
// program is made of, until these two are run once in it:
//
//	go mod edit -tool=github.com/punchback/punchback/demo/web
//	go mod tidy
package main
