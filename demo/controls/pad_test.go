package controls

import (
	"slices"
	"testing"
)

func TestDirections(t *testing.T) {
	for _, c := range []struct {
		x, y float64
		want Stick
	}{
		{0, 0, 0}, {0.3, -0.4, 0}, {-1, 0, Left}, {1, 0.3, Right}, {0, -1, Up}, {0, 1, Down}, {0.7, -0.7, Right | Up}, {-0.7, 0.7, Left | Down},
	} {
		if got := directions(c.x, c.y); got != c.want {
			t.Errorf("%v, %v is %b, want %b", c.x, c.y, got, c.want)
		}
	}
}

// A pad on a wide screen, and one below a picture.
func pads() map[string]*Pad {
	wide, high := &Pad{names: []string{"a", "b"}}, &Pad{names: []string{"a", "b"}}
	wide.Place(0, 50, 640, 310, 55)
	high.Place(0, 360, 640, 1024, 95)
	return map[string]*Pad{"wide": wide, "high": high}
}

func TestPad(t *testing.T) {
	for name, p := range pads() {
		stick := Finger{1, p.rest.x + 7, p.rest.y - 9} // wherever it lands
		p.touch([]Finger{stick})
		if p.direct != 0 || !p.held {
			t.Errorf("%s: a thumb that has just landed moves: %+v", name, p)
		}
		stick.X += p.rest.r * 3
		p.touch([]Finger{stick, {2, p.buttons[0].x, p.buttons[0].y}})
		if p.direct != Right || p.down != 1 {
			t.Errorf("%s: right and the first button are %b and %b", name, p.direct, p.down)
		}
		stick.X -= p.rest.r // no way back of three radii
		p.touch([]Finger{stick, {2, p.buttons[1].x, p.buttons[1].y}})
		if p.direct != 0 || p.down != 2 {
			t.Errorf("%s: the middle and the second button are %b and %b", name, p.direct, p.down)
		}
		stick.Y -= p.rest.r
		p.touch([]Finger{stick})
		if p.direct != Up || p.down != 0 {
			t.Errorf("%s: up and no button are %b and %b", name, p.direct, p.down)
		}
		p.touch([]Finger{{3, p.rest.x, p.rest.y}, stick}) // another finger takes nothing away
		if p.direct != Up || p.thumb != 1 {
			t.Errorf("%s: a second finger on the left: %b, held by %d", name, p.direct, p.thumb)
		}
		p.touch(nil)
		if p.held || p.direct != 0 || p.down != 0 {
			t.Errorf("%s: nothing is touched: %+v", name, p)
		}
		if p.touch([]Finger{{4, 300, p.top - 1}}); p.held || p.down != 0 {
			t.Errorf("%s: a finger above it counts", name)
		}
	}
}

// Buttons are large enough for a thumb, apart, and on the screen.
func TestPadIsForThumbs(t *testing.T) {
	for name, p := range pads() {
		w, h := 640.0, 360.0
		thumb := 55.0
		if name == "high" {
			h, thumb = 1384, 95
		}
		spots := append(slices.Clone(p.buttons), p.rest)
		for i, s := range spots {
			if s.r < thumb/2 || s.x-s.r < 0 || s.x+s.r > w || s.y-s.r < p.top || s.y+s.r > h {
				t.Errorf("%s: %d is %+v", name, i, s)
			}
			for k, o := range spots[:i] {
				if length(s.x-o.x, s.y-o.y) < s.r+o.r {
					t.Errorf("%s: %d and %d overlap", name, i, k)
				}
			}
		}
	}
}

// A gamepad that comes back has its place, a new one the first that is free.
func TestCouch(t *testing.T) {
	var c couch
	for _, s := range []struct{ there, want []int }{
		{nil, nil}, {[]int{5}, []int{5}}, {[]int{3, 5}, []int{5, 3}}, {[]int{3}, []int{nobody, 3}}, {[]int{3, 9}, []int{9, 3}},
		{[]int{9}, []int{9, nobody}}, {[]int{1, 2, 9}, []int{9, 1, 2}}, {nil, []int{nobody, nobody, nobody}},
	} {
		if c.sit(s.there); !slices.Equal(c, s.want) {
			t.Fatalf("%v are there: %v, want %v", s.there, c, s.want)
		}
	}
	var many []int
	for id := range 3 * places {
		many = append(many, id)
	}
	if c.sit(many); len(c) != places {
		t.Errorf("%d gamepads have places, the limit is %d", len(c), places)
	}
	if player(0, 2) != 0 || player(1, 2) != 1 || player(2, 2) != 0 || player(3, 1) != 0 {
		t.Error("gamepads are not shared in turn")
	}
}

func TestBoard(t *testing.T) {
	b := NewBoard("ABCD", "EF")
	b.Place(100, 200, 80, 40)
	for _, c := range []struct {
		x, y float64
		want rune
	}{{101, 201, 'A'}, {179, 219, 'D'}, {101, 221, 'E'}, {121, 221, 'F'}, {141, 221, Erase}, {179, 239, Enter}, {99, 210, 0}, {181, 210, 0}, {110, 241, 0}} {
		if got, ok := b.Tap(c.x, c.y); got != c.want || ok != (c.want != 0) {
			t.Errorf("at %v, %v is %q, want %q", c.x, c.y, got, c.want)
		}
	}
	b = NewBoard("ABCD", "EF")
	for _, s := range []struct {
		move Stick
		want rune
	}{{0, 'A'}, {Left, 'D'}, {Right, 'A'}, {Up, 'E'}, {Left, Enter}, {Down, 'D'}, {Down | Left, Erase}} {
		if b.Move(s.move); b.Press() != s.want {
			t.Errorf("after %b the cursor is at %q, want %q", s.move, b.Press(), s.want)
		}
	}
	uneven := NewBoard("ABCDEFGHIJ", "K")
	for range 40 { // a cursor stays on the board
		for _, s := range []Stick{Right, Down, Left, Up, Right | Down} {
			uneven.Move(s)
			uneven.Press()
		}
	}
}
