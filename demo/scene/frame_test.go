package scene

import (
	"slices"
	"testing"
)

// What is drawn at a point is touched there, on every screen.
func TestFrame(t *testing.T) {
	for _, f := range []frame{{scale: 1, high: 360}, {scale: 3, high: 360}, {scale: 1, high: 1385}, {scale: 2, high: 1138}} {
		for _, plays := range []bool{false, true} {
			f.fit(plays)
			for x := 90; x < 550; x += 7 {
				for y := 0; y < 360; y += 7 {
					px, py := f.pixel(float64(x)+0.5, float64(y)+0.5)
					if gx, gy := f.units(int(px), int(py)); gx != x || gy != y {
						t.Fatalf("%+v: %d, %d is touched at %d, %d", f, x, y, gx, gy)
					}
					if px < 0 || px >= float64(640*f.scale) || py < 0 || py >= float64(f.high*f.scale) {
						t.Fatalf("%+v: %d, %d is not on the screen", f, x, y)
					}
				}
			}
			left, right := f.corner(false, plays), f.corner(true, plays)
			for _, a := range []area{left, right} {
				px, py := f.pixel(float64(a.x), float64(a.y))
				qx, qy := f.pixel(float64(a.x+a.w), float64(a.y+a.h))
				if px < 0 || py < 0 || qx > float64(640*f.scale) || qy > float64(f.high*f.scale) {
					t.Errorf("%+v: %+v is not on the screen", f, a)
				}
			}
			if left.x+left.w > right.x {
				t.Errorf("%+v: the corners overlap", f)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ in, want, err string }{
		{" Ann  Bo ", "Ann Bo", ""}, {"  ", "", "a name has at least one letter"},
		{"12345678901234567", "", "the name has 17 letters, the limit is 16"},
	} {
		got, err := checkName(c.in)
		if got != c.want || err == nil != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
	}
}

func TestNamesApart(t *testing.T) {
	names := []string{"Ann", "", "Bo", "Ann", "", "Ann"}
	if apart(names); !slices.Equal(names, []string{"Ann", "", "Bo", "Ann 2", "", "Ann 3"}) {
		t.Errorf("%q", names)
	}
}

// A tap at an end of an item that turns is left or right, one in the middle picks it.
func TestItemsThatTurn(t *testing.T) {
	f := frame{scale: 1, high: 360}
	for _, high := range []int{360, 1385} {
		f.high = high
		m := menu{items: []item{{turns: true}, {}}}
		m.lay(&f, 100, 200)
		for _, c := range []struct {
			x           int
			left, right bool
			picked      int
		}{{m.x + 3, true, false, -1}, {m.x + m.w/2, false, false, 0}, {m.x + m.w - 3, false, true, -1}} {
			p := press{x: c.x, y: m.y + 2, click: true}
			if picked := m.update(&p); p.left != c.left || p.right != c.right || picked != c.picked {
				t.Errorf("%d of %d: %+v, picked %d", c.x, high, p, picked)
			}
		}
		if m.h < 30 {
			t.Errorf("a row is %d units high", m.h)
		}
	}
}
