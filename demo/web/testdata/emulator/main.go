// Command emulator takes an emulator online that was made for one machine.
package main

import (
	"github.com/hajimehoshi/ebiten/v2"
	"github.com/punchback/punchback/demo/web/testdata/emulator/core"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
)

type app struct {
	*core.Machine
	room    *rtc.Room
	session *netcode.Session
	pixels  [core.Width * core.Height * 4]byte
}

func (a *app) Step(in []netcode.Input)    { a.Frame([2]uint8{uint8(in[0].Bits), uint8(in[1].Bits)}) }
func (a *app) Save(dst []byte) []byte     { return a.SaveState(dst) }
func (a *app) Load(src []byte)            { a.LoadState(src) }
func (a *app) Layout(int, int) (int, int) { return core.Width, core.Height }

func (a *app) Update() error {
	var pad netcode.Input
	if ebiten.IsKeyPressed(ebiten.KeySpace) {
		pad.Bits = 1
	}
	if a.session != nil {
		return a.session.Advance(pad)
	}
	match, err := a.room.Match()
	if match == nil {
		return err
	}
	cfg := match.Config()
	a.Machine = core.New(cfg.Seed)
	a.session, err = netcode.NewSession(a, match, cfg)
	return err
}

func (a *app) Draw(screen *ebiten.Image) {
	if a.session == nil {
		return
	}
	for i, c := range a.Picture() {
		copy(a.pixels[4*i:], []byte{c, c, c, 255})
	}
	screen.WritePixels(a.pixels[:])
}

func main() {
	room, err := rtc.Join("/emulator?players=2", &rtc.Options{Build: "emulator/1"})
	if err != nil {
		panic(err)
	}
	if err := ebiten.RunGame(&app{room: room}); err != nil {
		panic(err)
	}
}
