//go:build cgo || windows || js

package view

import (
	"github.com/hajimehoshi/ebiten/v2"

	"github.com/punchback/punchback/demo/controls"
	"github.com/punchback/punchback/demo/game"
)

type (
	keys = []ebiten.Key
	pads = []ebiten.StandardGamepadButton
)

// Actions are what a fighter can do, and what to press for it. Up on a keyboard and on a
// touch pad jumps, too; on a gamepad it aims alone.
func Actions() []controls.Action {
	return []controls.Action{
		{Bits: game.Left, Stick: controls.Left, Half: [2]keys{{ebiten.KeyA}, {ebiten.KeyArrowLeft}}},
		{Bits: game.Right, Stick: controls.Right, Half: [2]keys{{ebiten.KeyD}, {ebiten.KeyArrowRight}}},
		{Bits: game.Up, Stick: controls.Up, Half: [2]keys{{ebiten.KeyW}, {ebiten.KeyArrowUp}}},
		{Bits: game.Down, Stick: controls.Down, Half: [2]keys{{ebiten.KeyS}, {ebiten.KeyArrowDown}}},
		{
			Name: "jump", Bits: game.Jump, Flick: controls.Up, Keys: keys{ebiten.KeyZ, ebiten.KeyY},
			Half: [2]keys{{ebiten.KeyW, ebiten.KeySpace}, {ebiten.KeyArrowUp, ebiten.KeyNumpad0}},
			Pad:  pads{ebiten.StandardGamepadButtonRightBottom},
		},
		{
			Name: "punch", Bits: game.Punch, Keys: keys{ebiten.KeyX},
			Half: [2]keys{{ebiten.KeyF}, {ebiten.KeyK, ebiten.KeyPeriod, ebiten.KeyNumpad1}},
			Pad:  pads{ebiten.StandardGamepadButtonRightLeft, ebiten.StandardGamepadButtonFrontTopLeft},
		},
		{
			Name: "dash", Bits: game.Dash, Keys: keys{ebiten.KeyC},
			Half: [2]keys{{ebiten.KeyG}, {ebiten.KeyL, ebiten.KeySlash, ebiten.KeyNumpad2}},
			Pad:  pads{ebiten.StandardGamepadButtonRightRight, ebiten.StandardGamepadButtonFrontTopRight},
		},
	}
}

// Legend says what to press, on the device that was used last.
func Legend(c *controls.Controls, player int) string {
	at := func(name string) string { return c.Prompt(name, player) }
	if c.Players == 2 && c.Device() == controls.Touch {
		return [...]string{"stick up: jump", "a bot plays, until keys do"}[player]
	} else if c.Players == 2 {
		return at("jump") + " jump  " + at("punch") + " punch  " + at("dash") + " dash"
	}
	switch c.Device() {
	case controls.Touch:
		return "stick up: jump   hold punch: stronger, stick up down: aim"
	case controls.Gamepad:
		return at("jump") + " jump   " + at("punch") + " punch (hold: stronger, up down: aim)   " + at("dash") + " dash   Y network"
	}
	return at("jump") + " jump   " + at("punch") + " punch (hold: stronger, up down: aim)   " + at("dash") + " dash   F1 network"
}
