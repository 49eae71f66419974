package punch

import "net/netip"

// asked is nothing in the browser, which checks by itself and does not tell whom.
type asked struct{}

func newAsked() asked { return asked{} }

func (asked) has(netip.AddrPort) bool { return false }

// rest does nothing: a browser checks as often as it likes.
func (*strangers) rest(string) {}

// vicinity would be the networks of this machine; pages are not told.
func vicinity() networks { return nil }
