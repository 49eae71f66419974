package lobby

import (
	"maps"
	"slices"
)

// step is how much nearer, in milliseconds, a room must be to be preferred to
// an older one.
const step = 25

// unknown is how far those are from one another who name no place in common.
const unknown = 250

// A beacon is a place and how far it is, in milliseconds.
type beacon struct {
	name string
	ms   int
}

// beacons are those of a Hello, by name.
func beacons(near map[string]int) (list []beacon) {
	for _, k := range slices.Sorted(maps.Keys(near)) {
		list = append(list, beacon{k, near[k]})
	}
	return list
}

// far is about how far a newcomer would be from the member that is farthest
// away. By way of a beacon two machines are no farther from one another than
// both are from it, and the nearest beacon says most.
func (r *room) far(near map[string]int) (worst int) {
	for _, m := range r.members {
		least := unknown
		for _, b := range m.near {
			if ms, both := near[b.name]; both {
				least = min(least, ms+b.ms)
			}
		}
		worst = max(worst, least)
	}
	return worst
}

// nearOf is the map that beacons reads.
func nearOf(list []beacon) map[string]int {
	near := map[string]int{}
	for _, b := range list {
		near[b.name] = b.ms
	}
	return near
}
