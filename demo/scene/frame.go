package scene

// The scenes draw in units: 640 wide and 360 high.
const (
	unitsWide = 640
	unitsHigh = 360
)

// frame is how these units lie on the screen. A screen that is higher than wide, a
// phone's, has the picture of a match at its top and room for thumbs below; of other
// scenes it shows the middle larger, since nothing stands at their sides.
type frame struct {
	scale int     // pixels per unit, where a screen is as wide as the units
	high  int     // units of such a screen, 360 or more
	zoom  float64 // pixels per unit of the scene that is shown,
	x, y  float64 // and where its origin is, in pixels
}

// tallZoom is how much larger a scene is shown on a high screen: what is left is as wide as
// the widest card.
const tallZoom = 640.0 / 472

// tall reports whether the screen is higher than wide.
func (f *frame) tall() bool { return f.high > unitsWide }

// fit lays out a scene; of one that plays all is shown.
func (f *frame) fit(plays bool) {
	f.zoom, f.x, f.y = float64(f.scale), 0, 0
	if f.tall() && !plays {
		f.zoom *= tallZoom
		f.x = -(tallZoom - 1) / 2 * unitsWide * float64(f.scale)
		f.y = (float64(f.high*f.scale) - unitsHigh*f.zoom) * 0.3
	}
}

// units is where the middle of a pixel lies in the scene.
func (f *frame) units(px, py int) (x, y int) {
	return int((float64(px) + 0.5 - f.x) / f.zoom), int((float64(py) + 0.5 - f.y) / f.zoom)
}

// pixel is where a point of the scene lies on the screen.
func (f *frame) pixel(x, y float64) (px, py float64) { return x*f.zoom + f.x, y*f.zoom + f.y }

// area is a part of the scene, to be touched.
type area struct{ x, y, w, h float32 }

func (a area) has(x, y int) bool {
	return float32(x) >= a.x && float32(x) < a.x+a.w && float32(y) >= a.y && float32(y) < a.y+a.h
}

// corner is the part of the scene at the upper left of what a thumb can reach, or at the
// upper right, where a button stands that other devices have a key for.
func (f *frame) corner(right, plays bool) area {
	a := area{8, 8, 66, 30}
	switch {
	case f.tall() && plays: // below the picture
		a = area{16, unitsHigh + 16, 120, 60}
	case f.tall():
		a.x, a.y = float32(-f.x/f.zoom)+8, float32(-f.y/f.zoom)+10
		a.w, a.h = 84, 40
	}
	if right {
		a.x = unitsWide - a.x - a.w
	}
	return a
}
