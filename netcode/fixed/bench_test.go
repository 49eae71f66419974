package fixed

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Each operation beside what it would be with floats, the yardstick. Both run
// in the same loop, over numbers of all sizes.
func BenchmarkOp(b *testing.B) {
	const many = 1024
	var fixed [many]Vec
	var float [many][2]float64
	r := Rand(1)
	for i := range fixed {
		fixed[i] = Vec{r.Between(-Int(1000), Int(1000)), r.Between(-One, One)}
		float[i][0], float[i][1] = fixed[i].Float64()
	}
	b.Run("none", func(b *testing.B) {
		loop(b, &fixed, &float, func(a, c Num) Num { return a }, func(x, y float64) float64 { return x })
	})
	for _, op := range []struct {
		name  string
		fixed func(a, b Num) Num
		float func(x, y float64) float64
	}{
		{"Add", Num.Add, func(x, y float64) float64 { return x + y }},
		{"Mul", Num.Mul, func(x, y float64) float64 { return x * y }},
		{"Div", Num.Div, func(x, y float64) float64 { return x / y }},
		{"Mod", Num.Mod, func(x, y float64) float64 { return math.Mod(x, y) }},
		{"Round", func(a, _ Num) Num { return a.Round() }, func(x, _ float64) float64 { return math.Round(x) }},
		{"Lerp", func(a, b Num) Num { return a.Lerp(b, b) }, func(x, y float64) float64 { return x + (y-x)*y }},
		{"Sqrt", func(a, _ Num) Num { return a.Abs().Sqrt() }, func(x, _ float64) float64 { return math.Sqrt(math.Abs(x)) }},
		{"Sin", func(a, _ Num) Num { return Sin(a) }, func(x, _ float64) float64 { return math.Sin(x) }},
		{"Tan", func(a, _ Num) Num { return Tan(a) }, func(x, _ float64) float64 { return math.Tan(x) }},
		{"Atan2", Atan2, math.Atan2},
		{"Dot", func(a, b Num) Num { return Vec{a, b}.Dot(Vec{b, a}) }, func(x, y float64) float64 { return x*y + y*x }},
		{"Len", func(a, b Num) Num { return Vec{a, b}.Len() }, math.Hypot},
		{"Within", func(a, b Num) Num { return b2i(Vec{a, b}.Within(Vec{}, One)) }, func(x, y float64) float64 { return float64(b2i(x*x+y*y < 1)) }},
		{"Norm", func(a, b Num) Num { return Vec{a, b}.Norm().X }, func(x, y float64) float64 { return x / math.Hypot(x, y) }},
		{"Rotate", func(a, b Num) Num { return Vec{a, b}.Rotate(b).X }, func(x, y float64) float64 { s, c := math.Sincos(y); return x*c - y*s }},
	} {
		b.Run(op.name, func(b *testing.B) { loop(b, &fixed, &float, op.fixed, op.float) })
	}
	b.Run("Intn", func(b *testing.B) {
		p, q := Rand(1), rand.NewPCG(1, 1)
		mine, std := 0, rand.New(q)
		b.Run("fixed", func(b *testing.B) {
			for b.Loop() {
				mine += p.Intn(100)
			}
		})
		b.Run("math_rand", func(b *testing.B) {
			for b.Loop() {
				mine += std.IntN(100)
			}
		})
		sink = Num(mine)
	})
}

func b2i(b bool) Num {
	if b {
		return 1
	}
	return 0
}

func loop(b *testing.B, fixed *[1024]Vec, float *[1024][2]float64, f func(a, b Num) Num, g func(x, y float64) float64) {
	b.Run("fixed", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			v := &fixed[i&1023]
			sink += f(v.X, v.Y)
		}
	})
	b.Run("float64", func(b *testing.B) {
		sum := 0.0
		for i := range b.N {
			v := &float[i&1023]
			sum += g(v[0], v[1])
		}
		sink += Num(sum)
	})
}

var sink Num
