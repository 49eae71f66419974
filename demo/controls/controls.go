//go:build cgo || windows || js

package controls

import (
	"strings"

	"github.com/hajimehoshi/ebiten/v2"
	"github.com/hajimehoshi/ebiten/v2/inpututil"
)

// Action is something that a player does while a key, a button or a finger holds it.
// What a device can't do is left out.
type Action struct {
	Name  string // for prompts and the buttons of the touch pad; empty: neither
	Bits  uint64 // for netcode.Input
	Keys  []ebiten.Key
	Half  [2][]ebiten.Key // of a keyboard that two share; a player alone has these, too
	Pad   []ebiten.StandardGamepadButton
	Stick Stick // of a gamepad's stick and cross, and of the touch pad's
	Flick Stick // of the touch pad's stick alone, which spares a button
}

// Device is what a player may hold.
type Device int

// The devices: a keyboard until another is used.
const (
	Keyboard Device = iota
	Gamepad
	Touch
)

// Controls are the devices of one machine, and what is held on them since the last Update.
type Controls struct {
	Players int // at this machine, 1 or 2; zero means 1
	Thumbs  Pad

	actions []Action
	device  Device
	half    int // of the keyboard that was used last; 2: the keys of a player alone
	couch   couch
	pads    []pad // by place
	bits    [2]uint64
	fingers []Finger
	ids     []ebiten.GamepadID
	known   []int
	touches []ebiten.TouchID
	keys    []ebiten.Key
}

// pad is what is held on one gamepad.
type pad struct {
	buttons, before [ebiten.StandardGamepadButtonMax + 1]bool
	stick           Stick
	since           int // ticks that the stick has been there
}

// New makes controls for a game's actions. Those with a Name that have no Flick have a
// button on the touch pad, in their order.
func New(actions ...Action) *Controls {
	c := &Controls{actions: actions}
	for i := range actions {
		if a := &actions[i]; a.Name != "" && a.Flick == 0 {
			c.Thumbs.names = append(c.Thumbs.names, a.Name)
		}
	}
	return c
}

// Update reads the devices. Call it once in each Update of the game.
func (c *Controls) Update() {
	c.keys = inpututil.AppendJustPressedKeys(c.keys[:0])
	c.touches = ebiten.AppendTouchIDs(c.touches[:0])
	c.fingers = c.fingers[:0]
	for _, id := range c.touches {
		x, y := ebiten.TouchPosition(id)
		c.fingers = append(c.fingers, Finger{int(id), float64(x), float64(y)})
	}
	c.Thumbs.touch(c.fingers)
	c.plug()
	switch {
	case len(c.fingers) > 0:
		c.device = Touch
	case c.played():
		c.device = Gamepad
	case len(c.keys) > 0:
		c.device = Keyboard
		c.half = c.halfOf(c.keys)
	}
	c.bits = [2]uint64{}
	players := max(c.Players, 1)
	for p := range players {
		c.bits[p] = c.keyboard(p, players)
	}
	c.bits[0] |= c.thumbs()
	for place, id := range c.couch {
		if id != nobody {
			c.bits[player(place, players)] |= c.pads[place].bits(c.actions)
		}
	}
}

// Bits are what a player holds: 0, or 1 of two.
func (c *Controls) Bits(player int) uint64 { return c.bits[player] }

// Device is the one that was used last.
func (c *Controls) Device() Device { return c.device }

// plug reads the gamepads, whichever are there now.
func (c *Controls) plug() {
	c.ids = ebiten.AppendGamepadIDs(c.ids[:0])
	c.known = c.known[:0]
	for _, id := range c.ids {
		c.known = append(c.known, int(id))
	}
	c.couch.sit(c.known)
	for len(c.pads) < len(c.couch) {
		c.pads = append(c.pads, pad{})
	}
	for place, id := range c.couch {
		if id == nobody {
			c.pads[place] = pad{}
			continue
		}
		c.pads[place].read(ebiten.GamepadID(id))
	}
}

// read reads a gamepad. One of an unknown kind has its first axes for a stick, and its
// first buttons are those of the right side.
func (p *pad) read(id ebiten.GamepadID) {
	p.before = p.buttons
	was := p.stick
	x, y := ebiten.GamepadAxisValue(id, 0), ebiten.GamepadAxisValue(id, 1)
	standard := ebiten.IsStandardGamepadLayoutAvailable(id)
	if standard {
		x, y = ebiten.StandardGamepadAxisValue(id, ebiten.StandardGamepadAxisLeftStickHorizontal), ebiten.StandardGamepadAxisValue(id, ebiten.StandardGamepadAxisLeftStickVertical)
	}
	for b := range p.buttons {
		if standard {
			p.buttons[b] = ebiten.IsStandardGamepadButtonPressed(id, ebiten.StandardGamepadButton(b))
		} else {
			p.buttons[b] = b < ebiten.GamepadButtonCount(id) && ebiten.IsGamepadButtonPressed(id, ebiten.GamepadButton(b))
		}
	}
	p.stick = directions(x, y) | p.cross()
	if p.since++; p.stick != was {
		p.since = 1
	}
}

// cross are the directions of the buttons on the left side.
func (p *pad) cross() (s Stick) {
	for i, b := range [...]ebiten.StandardGamepadButton{
		ebiten.StandardGamepadButtonLeftLeft, ebiten.StandardGamepadButtonLeftRight,
		ebiten.StandardGamepadButtonLeftTop, ebiten.StandardGamepadButtonLeftBottom,
	} {
		if p.buttons[b] {
			s |= Left << i
		}
	}
	return s
}

func (p *pad) bits(actions []Action) (bits uint64) {
	for i := range actions {
		a := &actions[i]
		on := a.Stick&p.stick != 0
		for _, b := range a.Pad {
			on = on || p.buttons[b]
		}
		if on {
			bits |= a.Bits
		}
	}
	return bits
}

// thumbs are the bits of the touch pad.
func (c *Controls) thumbs() (bits uint64) {
	button := 0
	for i := range c.actions {
		a := &c.actions[i]
		on := (a.Stick|a.Flick)&c.Thumbs.direct != 0
		if a.Name != "" && a.Flick == 0 {
			on = on || c.Thumbs.down>>button&1 != 0
			button++
		}
		if on {
			bits |= a.Bits
		}
	}
	return bits
}

// keyboard are the bits of a player's part of the keyboard: all of it, or half.
func (c *Controls) keyboard(player, players int) (bits uint64) {
	for i := range c.actions {
		a := &c.actions[i]
		on := false
		for half, keys := range a.Half {
			on = on || (players == 1 || half == player) && held(keys)
		}
		if on || players == 1 && held(a.Keys) {
			bits |= a.Bits
		}
	}
	return bits
}

func held(keys []ebiten.Key) bool {
	for _, k := range keys {
		if ebiten.IsKeyPressed(k) {
			return true
		}
	}
	return false
}

// halfOf is the part of the keyboard that one of the keys is of.
func (c *Controls) halfOf(pressed []ebiten.Key) int {
	for i := range c.actions {
		for part, keys := range [...][]ebiten.Key{c.actions[i].Half[0], c.actions[i].Half[1], c.actions[i].Keys} {
			for _, k := range keys {
				for _, p := range pressed {
					if k == p {
						return part
					}
				}
			}
		}
	}
	return c.half
}

// played reports whether something was newly pressed on a gamepad.
func (c *Controls) played() bool {
	for i := range c.pads {
		if p := &c.pads[i]; p.stick != 0 && p.since == 1 || p.buttons != p.before {
			return true
		}
	}
	return false
}

// Just reports whether a button was newly pressed on any gamepad, for menus.
func (c *Controls) Just(b ebiten.StandardGamepadButton) bool {
	for i := range c.pads {
		if p := &c.pads[i]; p.buttons[b] && !p.before[b] {
			return true
		}
	}
	return false
}

// Moved are the directions to which some gamepad's stick or cross was just moved, again
// and again while it stays there, for menus.
func (c *Controls) Moved() (s Stick) {
	for i := range c.pads {
		if n := c.pads[i].since; n == 1 || n > 24 && n%5 == 0 {
			s |= c.pads[i].stick
		}
	}
	return s
}

// Prompt is what to press for the action of a name, on the device that was used last.
// The part of the keyboard that two share is a player's, of one player alone the one that
// was used last.
func (c *Controls) Prompt(name string, player int) string {
	for i := range c.actions {
		if a := &c.actions[i]; a.Name == name {
			return c.prompt(a, player)
		}
	}
	return ""
}

func (c *Controls) prompt(a *Action, player int) string {
	switch {
	case c.device == Gamepad && len(a.Pad) > 0:
		return buttons[a.Pad[0]]
	case c.device == Touch && a.Flick != 0:
		return "stick " + words[a.Flick]
	case c.device == Touch:
		return a.Name
	}
	part := c.half
	if c.Players == 2 {
		part = player
	}
	parts := [...][]ebiten.Key{a.Half[0], a.Half[1], a.Keys}
	for _, keys := range [...][]ebiten.Key{parts[part], a.Keys, a.Half[1], a.Half[0]} {
		if len(keys) > 0 {
			return strings.TrimPrefix(strings.TrimPrefix(keys[0].String(), "Arrow"), "Digit")
		}
	}
	return ""
}

var words = map[Stick]string{Left: "left", Right: "right", Up: "up", Down: "down"}

// buttons are called as on most gamepads.
var buttons = map[ebiten.StandardGamepadButton]string{
	ebiten.StandardGamepadButtonRightBottom: "A", ebiten.StandardGamepadButtonRightRight: "B",
	ebiten.StandardGamepadButtonRightLeft: "X", ebiten.StandardGamepadButtonRightTop: "Y",
	ebiten.StandardGamepadButtonFrontTopLeft: "LB", ebiten.StandardGamepadButtonFrontTopRight: "RB",
	ebiten.StandardGamepadButtonFrontBottomLeft: "LT", ebiten.StandardGamepadButtonFrontBottomRight: "RT",
	ebiten.StandardGamepadButtonCenterLeft: "Back", ebiten.StandardGamepadButtonCenterRight: "Start",
}
