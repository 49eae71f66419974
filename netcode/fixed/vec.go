package fixed

import "math/bits"

// Vec is a point or a direction. Two are equal when == says so.
type Vec struct{ X, Y Num }

// V is the vector (x, y) of whole numbers.
func V(x, y int) Vec { return Vec{Int(x), Int(y)} }

// Polar is the vector of a length and an angle in turns. It is at most one step
// off, and as many more as it is long; quarters of a turn are exact.
func Polar(length, turns Num) Vec { return Vec{length.Mul(Cos(turns)), length.Mul(Sin(turns))} }

// Add is v+w, each part stopping at Min and Max, as in all that follows.
func (v Vec) Add(w Vec) Vec { return Vec{v.X.Add(w.X), v.Y.Add(w.Y)} }

// Sub is v-w.
func (v Vec) Sub(w Vec) Vec { return Vec{v.X.Sub(w.X), v.Y.Sub(w.Y)} }

// Neg is -v.
func (v Vec) Neg() Vec { return Vec{v.X.Neg(), v.Y.Neg()} }

// Scale is v·k.
func (v Vec) Scale(k Num) Vec { return Vec{v.X.Mul(k), v.Y.Mul(k)} }

// Dot is v.X·w.X + v.Y·w.Y: how far v goes along w, times the length of w. It
// is rounded once, to nearest, and stops at Min and Max, nothing sooner. (It
// stops when both are some 46,000 long: compare distances by Within.)
func (v Vec) Dot(w Vec) Num { return product(v.X, w.X).add(product(v.Y, w.Y)).num() }

// Cross is v.X·w.Y - v.Y·w.X: positive where w turns from v the way Y turns
// from X. It is rounded once, as Dot is.
func (v Vec) Cross(w Vec) Num {
	p := product(v.Y, w.X)
	p.neg = !p.neg
	return product(v.X, w.Y).add(p).num()
}

// Len is the length, rounded to nearest. It stops at Max; nothing overflows on
// the way.
func (v Vec) Len() Num { return signed(length(magnitude(v.X), magnitude(v.Y)), false) }

// Dist is the length from v to w, as Len gives it, and right for points that
// are so far apart that Sub would stop.
func (v Vec) Dist(w Vec) Num {
	x, y := distance(v.X, w.X), distance(v.Y, w.Y)
	if x|y > 1<<63 {
		return Max
	}
	return signed(length(x, y), false)
}

// Within reports whether w is at most r away from v. It is exact, takes no root
// and never overflows: the way to ask whether two circles touch, with the sum
// of their radii. Nothing is within a negative r.
func (v Vec) Within(w Vec, r Num) bool {
	x, y := distance(v.X, w.X), distance(v.Y, w.Y)
	if r < 0 || x > uint64(r) || y > uint64(r) {
		return false
	}
	hi, lo := square(x, y)
	rHi, rLo := bits.Mul64(uint64(r), uint64(r))
	return hi < rHi || hi == rHi && lo <= rLo
}

// Norm is the vector of length One in the direction of v, each part at most
// one step off. That of the zero vector is itself.
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

// Limit is v where it is at most so long, and otherwise the vector of that
// length in its direction, each part at most one step off: a top speed. A
// negative length counts as 0.
func (v Vec) Limit(most Num) Vec {
	most = max(most, 0)
	l := length(magnitude(v.X), magnitude(v.Y))
	if l <= uint64(most) {
		return v
	}
	return Vec{share(magnitude(v.X), most, l, v.X < 0), share(magnitude(v.Y), most, l, v.Y < 0)}
}

// Toward moves v to w by at most far, each part at most two steps off the
// straight line. It never goes beyond w. A negative way counts as 0.
func (v Vec) Toward(w Vec, far Num) Vec {
	far = max(far, 0)
	if v.Within(w, far) {
		return w
	}
	x, y := distance(v.X, w.X), distance(v.Y, w.Y)
	k := (x | y) >> 63 // half as far is the same direction
	l := length(x>>k, y>>k)
	return Vec{v.X.Add(share(x>>k, far, l, w.X < v.X)), v.Y.Add(share(y>>k, far, l, w.Y < v.Y))}
}

// share is n·part/whole, rounded to nearest, of a part that is not above the
// whole.
func share(n uint64, part Num, whole uint64, neg bool) Num {
	hi, lo := bits.Mul64(n, uint64(part))
	q, r := bits.Div64(hi, lo, whole)
	if r >= whole-r {
		q++
	}
	return signed(q, neg)
}

// Angle is the direction of v in turns, as Atan2 gives it.
func (v Vec) Angle() Num { return Atan2(v.Y, v.X) }

// Rotate turns v by an angle in turns, the way Y turns from X. It is at most
// one step off, and as many more as v is long; quarters of a turn are exact.
func (v Vec) Rotate(turns Num) Vec {
	w := Vec{Cos(turns), Sin(turns)}
	return Vec{Vec{w.X, -w.Y}.Dot(v), Vec{w.Y, w.X}.Dot(v)}
}

// Lerp is v for t = 0, w for t = One, and on the straight line through both
// for other t, each part rounded once.
func (v Vec) Lerp(w Vec, t Num) Vec { return Vec{v.X.Lerp(w.X, t), v.Y.Lerp(w.Y, t)} }

// Float64 is v in floats, for drawing. Nothing of it may come back into the
// state.
func (v Vec) Float64() (x, y float64) { return v.X.Float64(), v.Y.Float64() }
