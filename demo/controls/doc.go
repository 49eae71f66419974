// Package controls reads what the players at one machine hold, for any Ebiten game:
// keyboard, gamepads (which come and go), and thumbs on a touch screen. A game lists its
// [Action]s once; the bits of each player, the buttons on the screen and the prompts of
// the device that was used last follow from the list. [Board] is a keyboard on the screen,
// for those who have no other.
//
// It decides nothing about the network: what it tells is what a game gives to
// netcode.Session.Advance. In the browser it is the same, but gamepads are there only
// in a secure context (https, or this machine itself): browsers hide them elsewhere.
package controls
