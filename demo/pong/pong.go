//go:build cgo || windows || js

package main

import (
	"fmt"
	"image/color"
	"log"
	"os"

	"github.com/hajimehoshi/ebiten/v2"
	"github.com/hajimehoshi/ebiten/v2/text/v2"
	"github.com/hajimehoshi/ebiten/v2/vector"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/rtc"
	"golang.org/x/image/font/basicfont"
)

// Pong is the whole state of the game: all machines hold the same. No floats, no pointers.
type Pong struct {
	X, Y, VX, VY int32 // the ball, in sixteenths of a pixel
	Bat          [2]int32
	Score        [2]int32
}

const width, height, bat, unit, up, down = 320, 180, 32, 16, 1, 2 // up and down are bits of an Input
var face = text.NewGoXFace(basicfont.Face7x13)

func NewPong(seed uint64) Pong {
	return Pong{X: width / 2 * unit, Y: height / 2 * unit, VX: 32, VY: 12 + int32(seed%16), Bat: [2]int32{height / 2, height / 2}}
}

// step makes the next frame, and reads nothing but the state and the inputs.
func step(p *Pong, in []netcode.Input) {
	for i := range p.Bat {
		move := int32(in[i].Bits&down)/down - int32(in[i].Bits&up)/up
		p.Bat[i] = min(max(p.Bat[i]+3*move, bat/2), height-bat/2)
	}
	p.X, p.Y = p.X+p.VX, p.Y+p.VY
	if p.Y < 0 && p.VY < 0 || p.Y > height*unit && p.VY > 0 {
		p.VY = -p.VY
	}
	for i, wall := range [2]int32{8 * unit, (width - 8) * unit} {
		side := int32(2*i - 1) // the left wall is at -1, the right one at 1
		off := p.Y/unit - p.Bat[i]
		switch {
		case p.VX*side < 0 || (p.X-wall)*side < 0: // on its way from there, or not there yet
		case off >= -bat/2-2 && off <= bat/2+2:
			p.VX, p.VY = -p.VX-2*side, p.VY+off
		case (p.X-wall)*side > 12*unit:
			p.Score[1-i]++
			p.X, p.Y, p.VX, p.VY = width/2*unit, height/2*unit, -32*side, 12
		}
	}
}

// app is everything else: it is this machine's own.
type app struct {
	room    *rtc.Room
	match   *rtc.Match
	session *netcode.Session
	pong    Pong
	over    string // why the last match ended
	pause   int    // ticks until the next one may begin
}

func (a *app) Update() error {
	if a.pause > 0 { // time to read why it is over
		if a.pause--; a.pause == 0 {
			return a.match.Close() // a rematch, when everybody is back
		}
		return nil
	}
	if a.session == nil {
		match, err := a.room.Match() // nil, nil while people gather: draw a.room.Status()
		if match == nil {
			return err
		}
		cfg := match.Config()
		a.match, a.pong = match, NewPong(cfg.Seed)
		a.session, err = netcode.NewSession(plain.New(&a.pong, step), match, cfg)
		return err
	}
	if err := a.session.Advance(pad()); err != nil { // predict, repair, agree
		a.over, a.session, a.pause = err.Error(), nil, 180
	}
	return nil
}

func pad() (in netcode.Input) {
	if ebiten.IsKeyPressed(ebiten.KeyArrowUp) || ebiten.IsKeyPressed(ebiten.KeyW) {
		in.Bits |= up
	}
	if ebiten.IsKeyPressed(ebiten.KeyArrowDown) || ebiten.IsKeyPressed(ebiten.KeyS) {
		in.Bits |= down
	}
	return in
}

func (a *app) Draw(screen *ebiten.Image) {
	say := wrap(a.room.Status().Text) + "\n" + wrap(a.room.Invite())
	if a.pause > 0 {
		say = "this match is over:\n" + wrap(a.over)
	}
	if p := a.pong; a.session != nil {
		say = fmt.Sprint("     ", p.Score[0], " : ", p.Score[1])
		vector.FillCircle(screen, float32(p.X)/unit, float32(p.Y)/unit, 4, color.White, true)
		vector.FillRect(screen, 2, float32(p.Bat[0]-bat/2), 4, bat, color.White, false)
		vector.FillRect(screen, width-6, float32(p.Bat[1]-bat/2), 4, bat, color.White, false)
	}
	text.Draw(screen, say, face, &text.DrawOptions{LayoutOptions: text.LayoutOptions{LineSpacing: 16}})
}

// wrap breaks a sentence at the edge of the screen.
func wrap(s string) string {
	for i := 45; i < len(s); i += 46 {
		s = s[:i] + "\n" + s[i:]
	}
	return s
}

func (a *app) Layout(int, int) (int, int) { return width, height }

func main() {
	link := "/pong?players=2" // of the page's server, or of this machine's
	if len(os.Args) > 1 {
		link = os.Args[1]
	}
	room, err := rtc.Join(link, &rtc.Options{Build: "pong/1"})
	if err != nil {
		log.Fatal(err)
	}
	ebiten.SetRunnableOnUnfocused(true)
	err = ebiten.RunGame(&app{room: room})
	room.Close()
	if err != nil {
		log.Fatal(err)
	}
}
