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
// A module that has a replace for github.com/punchback/punchback lacks what this
// program is made of, until these two are run once in it:
//
//	go mod edit -tool=github.com/punchback/punchback/demo/web
//	go mod tidy
package main
