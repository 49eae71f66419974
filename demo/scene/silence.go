package scene

import (
	"strconv"
	"strings"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/netcode"
)

// silence is the seats of a match that are not heard, and for how many ticks; zero is
// heard.
type silence [game.MaxPlayers]int

func (s *silence) tick() {
	for seat := range s {
		if s[seat] > 0 {
			s[seat]++
		}
	}
}

// event hears what the session says of a seat.
func (s *silence) event(seat int, kind netcode.EventKind) {
	switch kind {
	case netcode.Quiet:
		s[seat] = 1
	case netcode.Back, netcode.Left:
		s[seat] = 0
	}
}

// words name those who are not heard; empty: all are.
func (s *silence) words(called func(seat int) string) string {
	var who []string
	longest := 0
	for seat, ticks := range s {
		if ticks > 0 {
			who, longest = append(who, cutText(called(seat), 20)), max(longest, ticks)
		}
	}
	if len(who) == 0 {
		return ""
	}
	return "Nothing heard of " + strings.Join(who, " and ") + " for " + strconv.Itoa(1+longest/game.Rate) + " s ..."
}
