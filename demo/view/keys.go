//go:build cgo || windows || js

package view

import (
	"github.com/hajimehoshi/ebiten/v2"

	"github.com/punchback/punchback/demo/game"
)

// Keys are who holds what: one player alone may use both halves of the
// keyboard, two share it.
type Keys uint8

// Keys: of one player, or of two at one keyboard.
const (
	Both Keys = iota
	LeftHalf
	RightHalf
)

type binding struct {
	key ebiten.Key
	bit uint64
}

var leftHalf = []binding{
	{ebiten.KeyA, game.Left}, {ebiten.KeyD, game.Right}, {ebiten.KeyW, game.Up | game.Jump}, {ebiten.KeyS, game.Down},
	{ebiten.KeySpace, game.Jump}, {ebiten.KeyF, game.Punch}, {ebiten.KeyG, game.Dash},
}

var rightHalf = []binding{
	{ebiten.KeyArrowLeft, game.Left}, {ebiten.KeyArrowRight, game.Right}, {ebiten.KeyArrowUp, game.Up | game.Jump}, {ebiten.KeyArrowDown, game.Down},
	{ebiten.KeyK, game.Punch}, {ebiten.KeyL, game.Dash}, {ebiten.KeyPeriod, game.Punch}, {ebiten.KeySlash, game.Dash},
	{ebiten.KeyNumpad1, game.Punch}, {ebiten.KeyNumpad2, game.Dash}, {ebiten.KeyNumpad0, game.Jump},
}

// also are for one player alone with the arrows.
var also = []binding{{ebiten.KeyX, game.Punch}, {ebiten.KeyC, game.Dash}, {ebiten.KeyZ, game.Jump}, {ebiten.KeyY, game.Jump}}

// Bits are what is held now, as the game wants it. In a hidden tab or behind
// another window nothing is held: Ebiten lets go of the keys.
func (k Keys) Bits() (bits uint64) {
	if k != RightHalf {
		bits |= held(leftHalf)
	}
	if k != LeftHalf {
		bits |= held(rightHalf)
	}
	if k == Both {
		bits |= held(also)
	}
	return bits
}

func held(b []binding) (bits uint64) {
	for _, x := range b {
		if ebiten.IsKeyPressed(x.key) {
			bits |= x.bit
		}
	}
	return bits
}

// Legend says it on the screen.
func (k Keys) Legend() string {
	switch k {
	case LeftHalf:
		return "WASD  F punch  G dash"
	case RightHalf:
		return "arrows  K punch  L dash"
	}
	return "arrows: X punch  C dash     WASD: F punch  G dash"
}
