package fixed

import "math/bits"

// quarter is a quarter of a turn in the steps that the series takes.
const quarter = 1 << 63

// Sin is the sine of an angle in turns. It is at most one step off, and exact
// at every quarter of a turn.
func Sin(turns Num) Num {
	t := rise(turns)
	s := Num((mul63(series(t), t) + 1<<30) >> 31)
	if turns&(One/2) != 0 {
		return -s
	}
	return s
}

// Cos is the cosine of an angle in turns, as exact as Sin.
func Cos(turns Num) Num { return Sin(turns&(One-1) + One/4) }

// Tan is the tangent of an angle in turns. It is at most one step off as long
// as it is below 16, and beyond that at most a 2⁻³⁶th of itself; exact at every
// eighth of a turn. At one quarter it is Max and at three Min, as 1/0 and -1/0
// are.
func Tan(turns Num) Num {
	t := rise(turns)
	if t == quarter {
		return limit(turns&(One/2) != 0)
	}
	nHi, nLo := bits.Mul64(series(t), t>>33)
	dHi, dLo := bits.Mul64(series(quarter-t), (quarter-t)>>33)
	k := bits.Len64(dHi) // at most 30: drop what doesn't fit into 64 bits
	d := dHi<<(64-k) | dLo>>k
	q, r := bits.Div64(nHi<<(32-k)|nLo>>(32+k), nLo<<(32-k), d)
	if r >= d-r {
		q++
	}
	return signed(q, turns&(One/4) != 0)
}

// Wrap is the same angle from -One/2 up to, but not, One/2. So the shorter way
// from one direction to another is Wrap(to - from), and an angle that turns
// towards another is from + Wrap(to-from).Clamp(-speed, speed).
func Wrap(turns Num) Num { return Num(int32(turns)) }

// rise is the angle in the first quarter that has the same sine, but for its
// sign.
func rise(turns Num) uint64 {
	t := uint64(turns) << 34 >> 1
	if turns&(One/4) != 0 {
		return quarter - t
	}
	return t
}

// terms are (π/2)ⁿ/n! for n = 1, 3, … 15, in steps of 2⁻⁶³.
var terms = [...]uint64{
	0xc90fdaa22168c235, 0x52aef39896f94afb, 0x0a335e33bad570e9, 0x009969667315ec2e,
	0x000541e0d21fb9e0, 0x00001e3074fde887, 0x0000007a3d0d3406, 0x000000016fadb9f1,
}

// series times t is the sine of t quarters of a turn, where 1<<63 is one
// quarter: the terms, each times t² to its place, with signs that alternate.
// They shrink, so that nothing below is ever negative.
func series(t uint64) uint64 {
	square := mul63(t, t)
	s := terms[len(terms)-1]
	for i := len(terms) - 2; i >= 0; i-- {
		s = terms[i] - mul63(s, square)
	}
	return s
}

// mul63 multiplies numbers in steps of 2⁻⁶³.
func mul63(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi<<1 | lo>>63
}

// Atan2 is the angle, in turns, from the direction (1, 0) to (x, y), from
// -One/2 to One/2, both included. It is at most one step off, and exact at
// every eighth of a turn. Atan2(0, 0) is 0.
func Atan2(y, x Num) Num {
	a, b := magnitude(y), magnitude(x)
	steep := a > b
	if steep {
		a, b = b, a
	}
	if b == 0 {
		return 0
	}
	turn := arc(a, b)
	if steep {
		turn = 1<<62 - turn
	}
	if x < 0 {
		turn = 1<<63 - turn
	}
	return signed((turn+1<<31)>>32, y < 0)
}

// arc is the arc tangent of a/b ≤ 1, in steps of 2⁻⁶⁴ of a turn: that of the
// 1/32 below it from a table, and of what is left by the series d - d³/3 + ….
func arc(a, b uint64) uint64 {
	if n := bits.Len64(b); n > 57 { // room for five bits more
		a, b = a>>(n-57), b>>(n-57)
	} else {
		a, b = a<<(57-n), b<<(57-n)
	}
	i := a * 32 / b
	d, _ := bits.Div64(a*32-i*b, 0, b*32+i*a)
	square := mul64(d, d)
	s := mul64(square, 1<<64/5-mul64(square, 1<<64/7))
	s = d - mul64(mul64(square, d), 1<<64/3-s)
	return arcs[i] + mul64(s, 0x28be60db9391054a) // 1/2π
}

// mul64 multiplies numbers in steps of 2⁻⁶⁴.
func mul64(a, b uint64) uint64 {
	hi, _ := bits.Mul64(a, b)
	return hi
}

// arcs are the arc tangents of 0/32 to 32/32, in steps of 2⁻⁶⁴ of a turn.
var arcs = [33]uint64{
	0x0000000000000000, 0x0145d7e159046278, 0x028b0d430e589aed, 0x03ceff89ac340906,
	0x051111d41ddd9a1b, 0x0650acb69b4fe3ae, 0x078d3fce842e72ec, 0x08c64325576561a1,
	0x09fb385b5ee39e8e, 0x0b2bab954758b68a, 0x0c57342a84c77619, 0x0d7d7514ea1efdba,
	0x0e9e1d24179d5a77, 0x0fb8e6f93f4ca68f, 0x10cd98d1293ee442, 0x11dc042355a3c0dd,
	0x12e4051d9df30866, 0x13e58203d3c358a8, 0x14e06a7aa3c7ddee, 0x15d4b6c4888c7725,
	0x16c266f6edfc1e3e, 0x17a9822cde870c11, 0x188a15bbbca863e4, 0x1964346db496e206,
	0x1a37f5c4c419ef33, 0x1b05754878e5b08c, 0x1bccd1dfdd02723f, 0x1c8e2d3876e8e159,
	0x1d49ab3ac8b1bb50, 0x1dff718c563e1741, 0x1eafa71eebf23a7b, 0x1f5a73cca450a08d,
	0x2000000000000000,
}
