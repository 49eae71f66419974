//go:build cgo || windows || js

package netgraph

import (
	"fmt"
	"image"
	"image/color"

	"github.com/hajimehoshi/ebiten/v2"
	"github.com/hajimehoshi/ebiten/v2/vector"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
)

const (
	width  = 190
	height = 146
	wide   = 600 // of the lines below, which tell of the addresses, and why the path is no direct one
	row    = 14
	bars   = 120 // ticks of history
)

var (
	words   *image.RGBA   // the lines as letters
	sheet   *ebiten.Image // and as a texture
	below   *ebiten.Image // the addresses, and why the path is no direct one
	told    [2]string     // in words
	history [bars]sample
	last    netcode.Stats
	next    int
)

type sample struct {
	depth, ahead int
	waited       bool
}

// Draw draws the overlay into the top left corner of dst. Call it once in each
// Draw, for one session at a time. The words are renewed four times a second,
// the graph with every tick: a bar is the frames shown ahead of the confirmed
// one, red what was rolled back, yellow a tick that waited.
func Draw(dst *ebiten.Image, stats netcode.Stats, report punch.Report) {
	if stats.Ticks < last.Ticks {
		history, last = [bars]sample{}, netcode.Stats{}
	}
	if stats.Ticks != last.Ticks {
		depth := 0
		if stats.Rollbacks > last.Rollbacks {
			depth = stats.Depth
		}
		history[next] = sample{depth, int(stats.Frame - stats.Confirmed), stats.Waited > last.Waited}
		next = (next + 1) % bars
	}
	if words == nil || stats.Ticks/15 != last.Ticks/15 {
		write(stats, report)
	}
	last = stats

	k := max(dst.Bounds().Dx()/640, 1)
	x, y := dst.Bounds().Min.X+6*k, dst.Bounds().Min.Y+6*k
	box := func(bx, by, w, h float32, c color.Color) {
		vector.FillRect(dst, float32(x)+bx*float32(k), float32(y)+by*float32(k), w*float32(k), h*float32(k), c, false)
	}
	box(0, 0, width, height, color.RGBA{10, 8, 24, 200})
	var o ebiten.DrawImageOptions
	o.GeoM.Scale(float64(k), float64(k))
	o.GeoM.Translate(float64(x), float64(y))
	dst.DrawImage(sheet, &o)
	if report.Path != punch.Unknown {
		lines := [2]string{report.Local + " to " + report.Remote, report.Why}
		explain(lines)
		rows := float32(1)
		if report.Why != "" {
			rows = 2
		}
		letters := min(max(len(lines[0]), len(lines[1]), (width-12)/7), (wide-12)/7)
		box(0, height, float32(12+7*letters), rows*row+2, color.RGBA{10, 8, 24, 200})
		o.GeoM.Translate(0, float64(height*k))
		dst.DrawImage(below, &o)
	}
	for i := range bars {
		s := history[(next+i)%bars]
		bx := (width-bars)/2 + float32(i)
		c := color.RGBA{120, 116, 150, 255}
		if s.waited {
			c = color.RGBA{255, 209, 102, 255}
		}
		h := float32(min(s.ahead, 16))
		box(bx, height-4-h, 1, h, c)
		if d := float32(min(s.depth, 16)); d > 0 {
			box(bx, height-4-d, 1, d, color.RGBA{255, 77, 94, 255})
		}
	}
}

// write renews the lines.
func write(s netcode.Stats, r punch.Report) {
	if words == nil {
		words = image.NewRGBA(image.Rect(0, 0, width, height))
		sheet = ebiten.NewImage(width, height)
	}
	clear(words.Pix)
	rtt, ahead := 0, 0
	for _, p := range s.Peers[:s.Others] {
		rtt, ahead = max(rtt, p.RTT), max(ahead, p.Ahead)
	}
	path := fmt.Sprint(r.Path)
	if r.Silent > 0 {
		path = fmt.Sprintf("silent %.1f s", r.Silent.Seconds())
	}
	d := font.Drawer{Dst: words, Src: image.White, Face: basicfont.Face7x13}
	for i, line := range [...]string{
		fmt.Sprintf("round trip %5.1f ms", float64(rtt)/60),
		fmt.Sprintf("path       %s", path),
		fmt.Sprintf("network    %d ms +-%.0f", r.RTT.Milliseconds(), float64(r.Jitter)/1e6),
		fmt.Sprintf("lost       %.0f %%", 100*r.Loss),
		fmt.Sprintf("connected  in %d ms", r.Connect.Milliseconds()),
		fmt.Sprintf("rollback   %d, max %d", s.Depth, s.MaxDepth),
		fmt.Sprintf("repairs    %d", s.Rollbacks),
		fmt.Sprintf("waited     %d", s.Waited),
		fmt.Sprintf("confirmed  -%d frames", s.Frame-s.Confirmed),
	} {
		d.Dot = fixed.P(6, 13+i*row)
		d.DrawString(line)
	}
	sheet.WritePixels(words.Pix)
}

// explain renews the lines below.
func explain(lines [2]string) {
	if below != nil && lines == told {
		return
	}
	told = lines
	pixels := image.NewRGBA(image.Rect(0, 0, wide, 2*row+2))
	d := font.Drawer{Dst: pixels, Src: image.White, Face: basicfont.Face7x13}
	for i, text := range lines {
		d.Dot = fixed.P(6, 12+i*row)
		d.DrawString(text)
	}
	if below == nil {
		below = ebiten.NewImage(wide, 2*row+2)
	}
	below.WritePixels(pixels.Pix)
}
