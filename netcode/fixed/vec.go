package fixed

import "math/bits"

// Vec is a point or a direction.
type Vec struct{ X, Y Num }

// V is the vector (x, y) of whole numbers.
func V(x, y int) Vec { return Vec{Int(x), Int(y)} }

// Polar is the vector of a length and an angle in turns.
func Polar(length, turns Num) Vec { return Vec{length.Mul(Cos(turns)), length.Mul(Sin(turns))} }

// Add is v+w.
func (v Vec) Add(w Vec) Vec { return Vec{v.X.Add(w.X), v.Y.Add(w.Y)} }

// Sub is v-w.
func (v Vec) Sub(w Vec) Vec { return Vec{v.X.Sub(w.X), v.Y.Sub(w.Y)} }

// Neg is -v.
func (v Vec) Neg() Vec { return Vec{}.Sub(v) }

// Scale is v·k.
func (v Vec) Scale(k Num) Vec { return Vec{v.X.Mul(k), v.Y.Mul(k)} }

// Dot is v.X·w.X + v.Y·w.Y: how far v goes along w, times the length of w.
func (v Vec) Dot(w Vec) Num { return v.X.Mul(w.X).Add(v.Y.Mul(w.Y)) }

// Cross is v.X·w.Y - v.Y·w.X: positive where w turns from v the way Y turns from X.
func (v Vec) Cross(w Vec) Num { return v.X.Mul(w.Y).Sub(v.Y.Mul(w.X)) }

// Len is the length, rounded to nearest. It stops at Max; nothing overflows on
// the way.
func (v Vec) Len() Num {
	return signed(root(square(v.X, v.Y)), false)
}

// Norm is the vector of length one in the direction of v, each part at most
// 2⁻³² off. That of the zero vector is itself.
func (v Vec) Norm() Vec {
	if v == (Vec{}) {
		return v
	}
	// As long as fits, so that short ones keep their direction.
	if n := 61 - bits.Len64(magnitude(v.X)|magnitude(v.Y)); n >= 0 {
		v = Vec{v.X << n, v.Y << n}
	} else {
		v = Vec{v.X >> -n, v.Y >> -n}
	}
	l := v.Len()
	return Vec{v.X.Div(l), v.Y.Div(l)}
}

// Angle is the direction of v in turns, as Atan2 gives it.
func (v Vec) Angle() Num { return Atan2(v.Y, v.X) }

// Rotate turns v by an angle in turns, the way Y turns from X.
func (v Vec) Rotate(turns Num) Vec {
	s, c := Sin(turns), Cos(turns)
	return Vec{v.X.Mul(c).Sub(v.Y.Mul(s)), v.X.Mul(s).Add(v.Y.Mul(c))}
}

// Lerp is v for t = 0, w for t = 1, and on the straight line through both for
// other t.
func (v Vec) Lerp(w Vec, t Num) Vec { return Vec{v.X.Lerp(w.X, t), v.Y.Lerp(w.Y, t)} }
