//go:build cgo || windows || js

package scene

import "math/rand/v2"

// keptName is the name that was chosen on this machine, or one to begin with, which is
// kept, too: friends know each other by it.
func keptName() string {
	if name, err := checkName(kept("name")); err == nil {
		return name
	}
	first := [...]string{"Brisk", "Calm", "Daring", "Eager", "Fierce", "Grand", "Hasty", "Jolly", "Keen", "Lucky", "Mighty", "Nimble", "Proud", "Quick", "Sly", "Witty"}
	last := [...]string{"Otter", "Badger", "Crane", "Dingo", "Ferret", "Gecko", "Heron", "Ibex", "Jackal", "Koala", "Lynx", "Marten", "Panda", "Raven", "Stoat", "Walrus"}
	name := first[rand.IntN(len(first))] + " " + last[rand.IntN(len(last))]
	keep("name", name)
	return name
}
