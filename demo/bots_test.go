//go:build worlds

package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// played is what a bot prints with -json.
type played struct {
	Player      int     `json:"player"`
	Players     int     `json:"players"`
	Frames      int     `json:"frames"`
	Confirmed   int     `json:"confirmed"`
	HashFrame   int     `json:"hash_frame"`
	Hash        string  `json:"hash"`
	ConnectMS   float64 `json:"connect_ms"`
	Path        string  `json:"path"`
	RTTMS       float64 `json:"rtt_ms"`
	Rollbacks   int     `json:"rollbacks"`
	MaxRollback int     `json:"max_rollback"`
	Stalls      int     `json:"stalls"`
	PacketsSent int     `json:"packets_sent"`
	BytesSent   int     `json:"bytes_sent"`
	Desyncs     int     `json:"desyncs"`
}

// bot starts a bot that plays with -json.
func bot(t *testing.T, server, room string, players, frames, seed int, more ...string) *process {
	t.Helper()
	return start(t, fmt.Sprintf("bot%d", seed), "bot", botArgs(server, room, players, frames, seed, more...)...)
}

func botArgs(server, room string, players, frames, seed int, more ...string) []string {
	return append([]string{"-server", server, "-room", room, "-players", fmt.Sprint(players),
		"-frames", fmt.Sprint(frames), "-seed", fmt.Sprint(seed), "-json"}, more...)
}

// result waits for a bot's end and reads what it printed.
func (p *process) result(t *testing.T) played {
	t.Helper()
	if err := p.wait(t); err != nil {
		t.Fatalf("%s: %v\nout: %s\nlog: %s", p.name, err, p.out, p.log)
	}
	var r played
	dec := json.NewDecoder(strings.NewReader(p.out.String()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil || dec.More() {
		t.Fatalf("%s: want one JSON object of the known fields, got %q: %v", p.name, p.out, err)
	}
	t.Logf("%s: %+v", p.name, r)
	return r
}

// together plays a match of bots and checks what holds in every match.
func together(t *testing.T, server string, players, frames, firstSeed int, more ...string) []played {
	t.Helper()
	var bots []*process
	for i := range players {
		bots = append(bots, bot(t, server, room(t), players, frames, firstSeed+i, more...))
	}
	return results(t, frames, bots...)
}

func results(t *testing.T, frames int, bots ...*process) []played {
	t.Helper()
	var all []played
	seats := map[int]bool{}
	for _, b := range bots {
		r := b.result(t)
		if r.Players != len(bots) || r.Frames != frames || r.HashFrame != frames || r.Confirmed < frames || r.Desyncs != 0 {
			t.Errorf("%s: %+v; want %d players, %d frames confirmed and hashed, no desync", b.name, r, len(bots), frames)
		}
		if r.Hash == "" || r.PacketsSent < frames/2 || r.BytesSent == 0 {
			t.Errorf("%s: %+v; want a hash, and packets", b.name, r)
		}
		seats[r.Player] = true
		all = append(all, r)
	}
	for i, r := range all {
		if r.Hash != all[0].Hash {
			t.Errorf("%s ends in %s, %s in %s", bots[i].name, r.Hash, bots[0].name, all[0].Hash)
		}
	}
	if len(seats) != len(bots) {
		t.Errorf("seats %v: every bot has one of its own", seats)
	}
	return all
}

// matchFrames is how long bots play.
func matchFrames() int {
	if testing.Short() {
		return 300
	}
	return 1800
}

var badNet = []string{"-lag", "60", "-jitter", "20", "-loss", "0.05"}

func TestBots(t *testing.T) {
	t.Parallel()
	for _, players := range []int{2, 4} {
		t.Run(fmt.Sprintf("%d plain", players), func(t *testing.T) {
			t.Parallel()
			cores.take(t, float64(players)*aBot)
			for _, r := range together(t, world.server, players, matchFrames(), 1) {
				if r.Path != "direct" {
					t.Errorf("path %q on one machine; want direct", r.Path)
				}
			}
		})
		t.Run(fmt.Sprintf("%d bad net", players), func(t *testing.T) {
			t.Parallel()
			cores.take(t, float64(players)*aBot)
			for _, r := range together(t, world.server, players, matchFrames(), 1, badNet...) {
				if r.Rollbacks == 0 || r.MaxRollback == 0 {
					t.Errorf("%d rollbacks, deepest %d; with 60 ms of lag there are some", r.Rollbacks, r.MaxRollback)
				}
				if r.RTTMS < 80 {
					t.Errorf("round trip %.1f ms; the lag alone is 120", r.RTTMS)
				}
			}
		})
	}
}

func TestOtherSeedsEndElsewhere(t *testing.T) {
	t.Parallel()
	cores.take(t, 2*aBot)
	server := world.server
	one := together(t, server, 2, 300, 1)
	t.Run("other", func(t *testing.T) {
		if other := together(t, server, 2, 300, 100); other[0].Hash == one[0].Hash {
			t.Errorf("seeds 1, 2 and 100, 101 both end in %s", one[0].Hash)
		}
	})
}

func TestRelayOnly(t *testing.T) {
	t.Parallel()
	cores.take(t, 2*aBot)
	direct := 0.0 // what connecting takes on this machine now
	t.Run("direct", func(t *testing.T) {
		for _, r := range together(t, world.server, 2, 60, 1) {
			direct = max(direct, r.ConnectMS)
		}
	})
	for _, r := range together(t, world.server, 2, 300, 1, "-relay-only") {
		if r.Path != "relay" {
			t.Errorf("path %q; want relay", r.Path)
		}
		if most := max(300, 5*direct); r.ConnectMS <= 0 || r.ConnectMS > most {
			t.Errorf("connected in %.0f ms; want at most %.0f", r.ConnectMS, most)
		}
	}
}
