// Command demo is Punchback, a knock-out brawl for two to four over peer to
// peer rollback: a window natively, a canvas in the browser. Windows and
// browser tabs meet in the same rooms.
//
//	go run ./demo/web            the browser, and the server that both need
//	go run ./demo                a window of its own
//	go run ./demo -room TOKIBA   straight into a room
//
// It holds no logic of its own: demo/game is the game, demo/view draws it and
// demo/scene leads through it. Natively a window needs a C compiler on Linux
// and macOS; built without one, this program only says how to install it.
package main
