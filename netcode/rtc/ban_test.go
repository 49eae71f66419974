package rtc_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
)

// Of three players one floods the others in mid-match. They ban it with a
// reason and don't link to it again, however often it tries; their view of the
// match lets its seat go, and they play on to the same end, and once more when
// it is out: the leader is one of those who banned it.
func TestAFloodingPlayerIsBannedForGood(t *testing.T) {
	t.Cleanup(rtc.LiftLimits("p3"))
	url, _ := serve(t)
	rooms := gather(t, url+"/toy?players=2-3", 3)
	for _, r := range rooms {
		r.SetReady(true)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()

	const frames = 900
	flood := make(chan struct{})
	stop := make(chan struct{})
	var once sync.Once
	var hostile sync.WaitGroup
	hostile.Go(func() {
		select {
		case <-flood:
		case <-ctx.Done():
			return
		}
		for {
			select {
			case <-stop:
				return
			default:
				if rooms[2].Flood() == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}
	})
	var results [3]result
	var matches [3]*rtc.Match
	var wg sync.WaitGroup
	for i, r := range rooms {
		m, err := r.WaitMatch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		matches[i] = m
	}
	for i, m := range matches[:2] {
		wg.Go(func() {
			results[i] = play(ctx, m, frames, func(f netcode.Frame) {
				if f >= 200 {
					once.Do(func() { close(flood) })
				}
			})
		})
	}
	hostile.Go(func() { play(ctx, matches[2], frames, nil) })
	isBanned := func(r *rtc.Room) (why string, linked bool) {
		for m := range r.Members() {
			if m.Name == "p3" {
				return m.Banned, m.Report.State == punch.Open
			}
		}
		return "", false
	}
	for i, r := range rooms[:2] {
		await(t, "a ban", func() bool { why, _ := isBanned(r); return why != "" })
		why, linked := isBanned(r)
		if !strings.Contains(why, "p3 was banned: the other side sends more than") || linked {
			t.Errorf("machine %d: %q, linked: %v", i, why, linked)
		}
		t.Log(why)
		seat := slices.Index(matches[i].Config().Seats, 3)
		if p := matches[i].Peer(netcode.Player(seat)); p.Reason != why {
			t.Errorf("machine %d says of its seat: %+v", i, p)
		}
	}
	wg.Wait()
	for i, r := range results[:2] {
		if r.err != nil || r.hash == 0 || r.hash != results[0].hash {
			t.Errorf("machine %d: hash %016x, %v; stats %+v", i, r.hash, r.err, r.stats)
		}
	}
	for i, r := range rooms[:2] { // It has tried again for seconds by now.
		if _, linked := isBanned(r); linked {
			t.Errorf("machine %d is linked to it again", i)
		}
	}
	matches[2].Close()
	over(t, rooms[2], rtc.CodeKicked, "put this member out")
	close(stop)
	hostile.Wait()
	together(t, rooms[:2], 60, nil)
}
