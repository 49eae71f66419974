package netcode

import "fmt"

// scripted is how many frames the fingerprint steps.
const scripted = 8

// fingerprint steps the game a few frames twice from the same start. The two
// must come out the same, and Load must bring the start back.
func fingerprint(g Game, players int) (uint64, error) {
	start := g.Save(nil)
	in := make([]Input, players)
	var ends [2][]byte
	for run := range ends {
		for f := range scripted {
			for p := range in {
				in[p] = Input{Bits: 1 << ((f + p) % 8)}
			}
			g.Step(in)
		}
		ends[run] = g.Save(nil)
		g.Load(start)
		if back := g.Save(nil); string(back) != string(start) {
			return 0, fmt.Errorf("netcode: Load does not bring back what Save wrote: %s", FirstDifference(g, start, back))
		}
	}
	if string(ends[0]) != string(ends[1]) {
		return 0, fmt.Errorf("netcode: the same %d steps from the same start differ: %s: part of the state is not saved, or Step reads something else", scripted, FirstDifference(g, ends[0], ends[1]))
	}
	return HashState(append(start, ends[0]...)), nil
}
