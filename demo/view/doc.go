// Package view draws a game.State, reads the keyboard into game.Bits, and plays the cues of
// a step as sounds. It never changes a state and never decides anything: two views of one
// match may look different, the match can't.
//
// Everything is made in code, pictures as well as sounds, so that a page loads nothing but
// the program. In the browser sound starts with the first key, since browsers allow it no
// earlier.
package view
