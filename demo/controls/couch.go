package controls

import "slices"

// couch is who holds which gamepad. A place stays when its gamepad goes, for the next one
// that comes: most likely the same, with a new cable.
type couch []int

const (
	nobody = -1
	places = 8 // gamepads that are looked at
)

// sit seats the gamepads that are there now.
func (c *couch) sit(ids []int) {
	for i, id := range *c {
		if !slices.Contains(ids, id) {
			(*c)[i] = nobody
		}
	}
	for _, id := range ids {
		if slices.Contains(*c, id) {
			continue
		}
		if free := slices.Index(*c, nobody); free >= 0 {
			(*c)[free] = id
		} else if len(*c) < places {
			*c = append(*c, id)
		}
	}
}

// player is whose a place is: with one player all are his, with two they take turns.
func player(place, players int) int { return place % players }
