// Command page is the browser's end of TestAPageMeetsAWindow: it plays the
// room that its address names, twice, and leaves what came of it in a global.
// With globalThis.game it is that of TestALinkDoesNotMoveAPage: it goes into a
// room of that game, at whatever server the page has.
package main

import (
	"context"
	"fmt"
	"strings"
	"syscall/js"
	"time"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/rtc"
)

// toy is the game of the tests.
type toy struct {
	Sum   uint64
	Moves [netcode.MaxPlayers]int32
}

func step(s *toy, in []netcode.Input) {
	for p := range in {
		s.Sum = s.Sum*1099511628211 ^ in[p].Bits + uint64(p)
		s.Moves[p] += int32(in[p].Bits & 1)
	}
}

func main() {
	said := ""
	say := func(format string, a ...any) {
		said += fmt.Sprintf(format, a...) + "\n"
		js.Global().Set("said", said)
	}
	if game := js.Global().Get("game"); game.Type() == js.TypeString {
		room, err := rtc.Join(game.String(), &rtc.Options{Build: "toy/1", Rate: 60})
		for err == nil && room.Invite() == "" {
			time.Sleep(10 * time.Millisecond)
			_, err = room.Match()
		}
		if err != nil {
			say("%v", err)
			return
		}
		say("link %s", room.Invite())
		select {}
	}
	server := strings.Replace(js.Global().Get("location").Get("origin").String(), "http", "ws", 1)
	room, err := rtc.Join(server+"/toy?players=2", &rtc.Options{Build: "toy/1", Rate: 60, Name: "page"})
	if err != nil {
		say("%v", err)
		return
	}
	for {
		match, err := room.WaitMatch(context.Background())
		if err != nil {
			say("%v", err)
			return
		}
		say("%v", play(match))
		match.Close()
		say("link %s", room.Invite())
	}
}

// play plays until the other leaves, and tells the state in which it does.
func play(m *rtc.Match) error {
	cfg := m.Config()
	state := toy{Sum: cfg.Seed}
	s, err := netcode.NewSession(plain.New(&state, step), m, cfg)
	for err == nil {
		if err = m.Wait(context.Background()); err != nil {
			break
		}
		for range m.Due() {
			if err = s.Advance(netcode.Input{Bits: uint64(s.Frame()) * 0x9e3779b97f4a7c15 >> 60}); err != nil {
				break
			}
		}
	}
	h, _ := s.Hash(s.Confirmed())
	return fmt.Errorf("frame %d hash %016x; %w", s.Confirmed(), h, err)
}
