// Command demo is Punchback, a knock-out brawl for two to four over peer to
// peer rollback: a window natively, a canvas in the browser. Windows and
// browser tabs meet in the same rooms.
//
//	go run ./demo/web            the browser, and the server that both need
//	go run ./demo                a window of its own
//	go run ./demo -room TOKIBA   straight into a room
//
// The flags of the window: -server, -room, -players and -name say where and who;
// -lag, -jitter and -loss spoil what you send; -split begins with two players on one
// screen, -autoplay has a bot play, -hud shows the network's figures, -mute is silent,
// and -title names the window.
//
// A page takes the same from its address: ?room, ?players, ?name, ?server, ?lag, ?jitter,
// ?loss, ?split, ?autoplay, ?hud and ?mute.
//
// It is played by keyboard, gamepad or touch; the device that was used last says what to
// press. A name is made up once and kept: in the browser's storage, or in the folder for
// settings. The title changes it, -name and ?name= are for once. The settings are kept,
// too: sound, input delay, relay only, less motion.
//
// It holds no logic of its own: demo/game is the game, demo/view draws it and
// demo/scene leads through it. What any game can use of it are packages of their own:
// demo/controls and demo/netgraph. Natively a window needs a C compiler on Linux
// and macOS; built without one, this program only says how to install it.
package main
