package protocol

import (
	"fmt"
	"strconv"
	"strings"
)

// Place is where a client wants to be: what the path and the query of its
// WebSocket URL say.
type Place struct {
	Game     string // the first part of the path
	Code     string // the second: that room; empty: any open room of the game
	Min, Max int    // machines that a match needs and takes
	New      bool   // with no Code: a new room that strangers don't fall into
}

// MaxWord is the longest game or room code.
const MaxWord = 32

// ParsePlace reads /GAME or /GAME/CODE, the query's players ("2", "2-4", or
// empty for 2) and whether the query has "new".
func ParsePlace(path, players string, fresh bool) (Place, error) {
	game, code, two := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	p := Place{Game: game, Code: code, New: fresh && code == ""}
	err := checkWord("game", game)
	if two && err == nil {
		err = CheckCode(code)
	}
	if err != nil {
		return Place{}, fmt.Errorf("%w; the path is /GAME or /GAME/CODE", err)
	}
	p.Min, p.Max, err = ParsePlayers(players)
	return p, err
}

// ParsePlayers reads "2" or "2-4"; empty is 2.
func ParsePlayers(s string) (lo, hi int, err error) {
	if s == "" {
		return 2, 2, nil
	}
	a, b, span := strings.Cut(s, "-")
	lo, err = strconv.Atoi(a)
	hi = lo
	if span && err == nil {
		hi, err = strconv.Atoi(b)
	}
	if err != nil || lo < 2 || hi < lo || hi > MaxPlayers {
		return 0, 0, fmt.Errorf("players=%.32q: want a number such as 2 or a range such as 2-4, from 2 to %d", s, MaxPlayers)
	}
	return lo, hi, nil
}

// String is the path and query that ParsePlace reads.
func (p Place) String() string {
	s := "/" + p.Game
	if p.Code != "" {
		s += "/" + p.Code
	}
	s += "?players=" + p.Players()
	if p.New {
		s += "&new"
	}
	return s
}

// Players is the number of machines as ParsePlayers reads it.
func (p Place) Players() string {
	if p.Max == p.Min {
		return strconv.Itoa(p.Min)
	}
	return strconv.Itoa(p.Min) + "-" + strconv.Itoa(p.Max)
}

// CheckCode reports what is wrong with the code of a room.
func CheckCode(code string) error { return checkWord("room code", code) }

func checkWord(what, s string) error {
	if s == "" {
		return fmt.Errorf("no %s", what)
	}
	if len(s) > MaxWord {
		return fmt.Errorf("%s %.32q… has %d letters, the limit is %d", what, s, len(s), MaxWord)
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return fmt.Errorf("%s %.32q has a %q: it may hold letters, digits, - and _", what, s, c)
		}
	}
	return nil
}
