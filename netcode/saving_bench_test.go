package netcode

import (
	"fmt"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// slab is a game of any size whose step costs nothing, so that what is measured is
// what saving costs.
type slab struct{ state []byte }

func (g *slab) Step(in []Input) {
	for p := range in {
		g.state[p*64] += byte(in[p].Bits) + 1
	}
}
func (g *slab) Save(dst []byte) []byte { return append(dst, g.state...) }
func (g *slab) Load(src []byte)        { copy(g.state, src) }

// BenchmarkSaving is a session's frame of games of 64 KiB and of a mebibyte, without
// rollbacks and with one of seven frames in each, beside what it costs to copy each
// frame that is stepped and to hash one.
func BenchmarkSaving(b *testing.B) {
	for _, size := range []int{64 << 10, 1 << 20} {
		for _, depth := range []int{0, 7} {
			name := fmt.Sprintf("%dKiB/rollback=%d", size>>10, depth)
			b.Run(name+"/floor", func(b *testing.B) {
				state, ring := make([]byte, size), make([][]byte, 16)
				for i := range ring {
					ring[i] = make([]byte, 0, size)
				}
				n, sum := 0, uint64(0)
				for b.Loop() {
					for range depth + 1 {
						ring[n%16] = append(ring[n%16][:0], state...)
						n++
					}
					sum += xxhash.Sum64(ring[n%16])
				}
				if sum == 1 {
					b.Fatal("unlikely")
				}
			})
			for mode, saving := range map[string]Saving{"all": SaveAll, "sparse": SaveSparse} {
				b.Run(name+"/"+mode, func(b *testing.B) {
					sessions, lags := match(b, 2, depth, 0, func() Game { return &slab{make([]byte, size)} }, saving)
					frame := uint64(0)
					play := func() {
						frame++
						play1(b, sessions, lags, func(i int) uint64 {
							if depth == 0 {
								return 0
							}
							return frame + uint64(i)
						})
					}
					for range 100 {
						play()
					}
					before := sessions[0].Stats()
					b.ReportAllocs()
					b.ResetTimer()
					for range b.N {
						play()
					}
					after := sessions[0].Stats()
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*b.N), "ns/session-frame")
					b.ReportMetric(float64(after.Steps-before.Steps)/float64(b.N), "steps/frame")
				})
			}
		}
	}
}
