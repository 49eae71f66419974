package rtc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

// toy is a game in which every input leaves a mark for ever.
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

// result is what one machine has to show for a match.
type result struct {
	config netcode.Config
	hash   uint64
	stats  netcode.Stats
	err    error
}

// play plays one match until everybody has confirmed the frames, and leaves.
// The hook hears every frame, in several goroutines.
func play(ctx context.Context, m *rtc.Match, frames netcode.Frame, hook func(netcode.Frame)) (r result) {
	defer m.Close()
	cfg := m.Config()
	r.config = cfg
	var state toy
	state.Sum = cfg.Seed
	s, err := netcode.NewSession(plain.New(&state, step), m, cfg)
	if err != nil {
		r.err = err
		return r
	}
	done := func() bool {
		st := s.Stats()
		all := st.Confirmed >= frames
		for _, p := range st.Peers[:st.Others] {
			all = all && (p.Gone || p.Confirmed >= frames)
		}
		return all
	}
	for r.err == nil && !s.Done() {
		if r.err = m.Wait(ctx); r.err != nil {
			break
		}
		for range m.Due() {
			bits := uint64(s.Frame()) * uint64(cfg.Self) * 0x9e3779b97f4a7c15 >> 60
			if err := s.Advance(netcode.Input{Bits: bits}); err != nil {
				var left *netcode.LeftError
				if !errors.As(err, &left) || left.Timeout || s.Confirmed() < frames {
					r.err = err
				}
				s.Leave() // It is over: Done is true now.
				break
			}
			if h, ok := s.Hash(frames); ok {
				r.hash = h
			}
			if hook != nil {
				hook(s.Frame())
			}
			if done() {
				s.Leave()
			}
		}
	}
	r.stats = s.Stats()
	return r
}

// together plays the next match in all rooms.
func together(t *testing.T, rooms []*rtc.Room, frames netcode.Frame, hook func(netcode.Frame)) []result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	results := make([]result, len(rooms))
	var wg sync.WaitGroup
	for i, r := range rooms {
		wg.Go(func() {
			m, err := r.WaitMatch(ctx)
			if err != nil {
				results[i].err = fmt.Errorf("%w: %+v", err, r.Status())
				return
			}
			results[i] = play(ctx, m, frames, hook)
		})
	}
	wg.Wait()
	for i, r := range results {
		c := r.config
		if r.err != nil {
			t.Fatalf("machine %d: %v; stats %+v", i, r.err, r.stats)
		}
		if r.hash == 0 || r.hash != results[0].hash {
			t.Errorf("machine %d has hash %016x, machine 0 %016x", i, r.hash, results[0].hash)
		}
		if c.Players != len(rooms) || c.Nonce == [16]byte{} || c.Nonce != results[0].config.Nonce || c.Seed != results[0].config.Seed ||
			!slices.Equal(c.Seats, results[0].config.Seats) || !slices.Contains(c.Seats, c.Self) || c.Rate != results[0].config.Rate || c.Build != "toy/1" {
			t.Errorf("machine %d: config %+v", i, c)
		}
	}
	return results
}

const rate = 240

func gather(t *testing.T, url string, n int) (rooms []*rtc.Room) {
	t.Helper()
	for i := range n {
		r := join(t, url, &rtc.Options{Build: "toy/1", Rate: rate, Name: fmt.Sprintf("p%d", i+1)})
		rooms = append(rooms, r)
		await(t, "a welcome", func() bool { return r.Code() != "" }) // so that they come in order
	}
	return rooms
}

func TestTwoPlayAndPlayAgain(t *testing.T) {
	url, _ := serve(t)
	rooms := gather(t, url+"/toy", 2)
	if err := rooms[0].SetData([]byte("level 3")); err != nil {
		t.Fatal(err)
	}
	if err := rooms[1].SetData([]byte("level 3")); err != nil {
		t.Fatal(err)
	}
	await(t, "data", func() bool {
		n := 0
		for m := range rooms[0].Members() {
			if string(m.Data) == "level 3" {
				n++
			}
		}
		return n == 2
	})
	first := together(t, rooms, 300, nil)
	second := together(t, rooms, 300, nil)
	third := together(t, rooms, 60, nil)
	if a, b, c := first[0].config, second[0].config, third[0].config; a.Nonce == b.Nonce || b.Nonce == c.Nonce || a.Seed == b.Seed {
		t.Error("a rematch is another match")
	} else if string(c.Setup) != "level 3" || c.Rate != rate || c.Timeout != 5*rate {
		t.Errorf("setup %q, %d ticks a second, a timeout of %d", c.Setup, c.Rate, c.Timeout)
	}
	// The fourth match starts, and one of the two goes away.
	await(t, "fourth match", func() bool { m, _ := rooms[1].Match(); return m != nil })
	rooms[1].Close()
	await(t, "fourth match", func() bool { m, _ := rooms[0].Match(); return m != nil })
	if m, err := rooms[0].Match(); err != nil {
		t.Fatal(err)
	} else {
		m.Close()
	}
	awaitText(t, rooms[0], "p2 left: waiting for 1 more")
	// Somebody else may have the seat.
	together(t, []*rtc.Room{rooms[0], gather(t, url+"/toy", 1)[0]}, 60, nil)
}

// How long the silence of a machine may last is what its room says.
func TestTimeoutIsAnOption(t *testing.T) {
	url, _ := serve(t)
	var rooms []*rtc.Room
	for range 2 {
		rooms = append(rooms, join(t, url+"/toy/FOX", &rtc.Options{Build: "toy/1", Rate: 30, Timeout: 1500 * time.Millisecond}))
	}
	for _, r := range rooms {
		await(t, "a match", func() bool {
			m, err := r.Match()
			if err != nil {
				t.Fatal(err)
			}
			if m != nil && m.Config().Timeout != 45 {
				t.Errorf("%d ticks", m.Config().Timeout)
			}
			return m != nil
		})
	}
}

func TestFourPlay(t *testing.T) {
	url, _ := serve(t)
	rooms := gather(t, url+"/toy?players=4", 4)
	together(t, rooms, 300, nil)
	together(t, rooms, 60, nil)
}

// As many as a session takes can be in a room.
func TestEightPlay(t *testing.T) {
	defer rtc.SetLinkTimeout(time.Minute)() // 28 links at once are much for a busy machine
	url, _ := serve(t)
	var rooms []*rtc.Room
	for range netcode.MaxPlayers {
		rooms = append(rooms, join(t, fmt.Sprintf("%s/toy?players=%d", url, netcode.MaxPlayers), &rtc.Options{Build: "toy/1"}))
	}
	if c := together(t, rooms, 60, nil)[0].config; c.Rate != 60 {
		t.Errorf("%d ticks a second", c.Rate)
	}
}

func TestReadyStartsARange(t *testing.T) {
	url, _ := serve(t)
	rooms := gather(t, url+"/toy?players=2-4", 3)
	awaitText(t, rooms[0], "3 here, 4 can play")
	rooms[0].SetReady(true)
	awaitText(t, rooms[0], "waiting for p2 and p3 to be ready")
	rooms[1].SetReady(true)
	rooms[2].SetReady(true)
	together(t, rooms, 60, nil)
}

// A match needs no server, and goes on when it dies.
func TestTheServerDiesInMidMatch(t *testing.T) {
	url, stop := serve(t)
	rooms := gather(t, url+"/toy", 2)
	var once sync.Once
	for _, r := range together(t, rooms, 600, func(f netcode.Frame) {
		if f >= 200 {
			once.Do(stop)
		}
	}) {
		if r.stats.Waited > 4*rate { // A busy machine has hiccups of its own; a session waits for five seconds.
			t.Errorf("%d ticks waited", r.stats.Waited)
		}
	}
	awaitText(t, rooms[0], "trying again")
}

// Links that the server itself relayed end with it. They are made again as soon
// as it, or another, relays again: in the same match, with the same seats.
func TestTheRelayDiesInMidMatch(t *testing.T) {
	relays := server.Config{Addr: "127.0.0.1:0", Turn: "127.0.0.1:0"}
	url, stop := serveAs(t, "127.0.0.1:0", relays)
	var rooms []*rtc.Room
	for range 2 {
		rooms = append(rooms, join(t, url+"/toy", &rtc.Options{Build: "toy/1", RelayOnly: true}))
	}
	var mu sync.Mutex
	var died, back time.Time
	var highest netcode.Frame
	var told atomic.Bool // that a link is silent
	defer every(10*time.Millisecond, func() {
		for m := range rooms[0].Members() {
			if m.Report.Silent > 0 && strings.Contains(m.Report.Reason, "nothing is heard for ") {
				told.Store(true)
			}
		}
	})()
	for i, r := range together(t, rooms, 420, func(f netcode.Frame) {
		mu.Lock()
		defer mu.Unlock()
		if f >= 60 && died.IsZero() {
			stop()
			died = time.Now()
			serveAs(t, strings.TrimPrefix(url, "ws://"), relays)
			highest = f + netcode.MaxWindow + 1
		}
		if back.IsZero() && !died.IsZero() && f > highest {
			back = time.Now()
		}
	}) {
		t.Logf("machine %d: %d ticks waited", i, r.stats.Waited)
	}
	t.Logf("they play again %v after the relay is there", back.Sub(died))
	if !told.Load() {
		t.Error("nobody was told of the silence")
	}
}

// every does something all the time until it is stopped.
func every(d time.Duration, do func()) (stop func()) {
	ticker, quit, done := time.NewTicker(d), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				do()
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(quit)
		<-done
	}
}

// A server that comes back is asked for the rematch, though it knows nobody.
func TestTheServerComesBack(t *testing.T) {
	url, stop := serve(t)
	rooms := gather(t, url+"/toy", 2)
	var once sync.Once
	together(t, rooms, 600, func(f netcode.Frame) {
		if f >= 200 {
			once.Do(func() {
				stop()
				serveAt(t, strings.TrimPrefix(url, "ws://"))
			})
		}
	})
	for i, r := range together(t, rooms, 60, nil) {
		if c := r.config; c.Self != netcode.Peer(i+1) || r.stats.Frame < 60 {
			t.Errorf("machine %d: %+v", i, r)
		}
	}
}

// A link that breaks in mid-match is mended, and the match goes on over it.
func TestALinkBreaksInMidMatch(t *testing.T) {
	url, _ := serve(t)
	rooms := gather(t, url+"/toy", 2)
	var once sync.Once
	var breaking sync.WaitGroup
	defer breaking.Wait()
	for i, r := range together(t, rooms, 600, func(f netcode.Frame) {
		if f >= 200 {
			once.Do(func() { breaking.Go(rooms[1].BreakLinks) })
		}
	}) {
		if r.stats.Waited == 0 {
			t.Errorf("machine %d did not even notice", i)
		}
	}
}

// Whoever leaves while it is being linked leaves a room that goes on waiting.
func TestLeavingWhileConnecting(t *testing.T) {
	url, _ := serve(t)
	room := gather(t, url+"/toy", 1)[0]
	awaitText(t, room, "waiting for 1 more")
	s := stranger(t, url+"/toy", "toy/1")
	awaitText(t, room, "connecting to stranger")
	s.Close()
	awaitText(t, room, "stranger left while connecting: waiting for 1 more")
	together(t, append(gather(t, url+"/toy", 1), room), 60, nil)
}

// Whoever never answers is named, with what was tried, and ends nothing: after the
// grace time its place is free.
func TestNobodyAnswers(t *testing.T) {
	defer rtc.SetLinkTimeout(time.Second)()
	url, _ := serveAs(t, "127.0.0.1:0", server.Config{Turn: "off", Limits: server.Limits{Grace: 5 * time.Second}})
	s := stranger(t, url+"/toy/MUTE", "toy/1")
	await(t, "stranger", s.Up)
	room := gather(t, url+"/toy/MUTE", 1)[0]
	awaitText(t, room, "stranger can't be reached: no answer from the other side")
	awaitText(t, room, "; trying on, or waiting for somebody else")
	for m := range room.Members() {
		if m.Self && (m.Report.State != punch.Open || m.Unreachable != "") || !m.Self && !strings.Contains(m.Unreachable, "no answer") {
			t.Errorf("%+v", m)
		}
	}
	// It is full as long as the stranger may come to answer.
	var other *rtc.Room
	await(t, "a place", func() bool {
		r := join(t, url+"/toy/MUTE", &rtc.Options{Build: "toy/1", Rate: rate})
		await(t, "an answer", func() bool { return r.Code() != "" || r.Status().Phase == rtc.Over })
		if r.Code() != "" {
			other = r
			return true
		}
		return false
	})
	together(t, []*rtc.Room{room, other}, 60, nil)
}

// Nothing is sent to machines that are not of the match, or after its end.
func TestMatchIsBounded(t *testing.T) {
	url, _ := serve(t)
	rooms := gather(t, url+"/toy", 2)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	a, err := rooms[0].WaitMatch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b, err := rooms[1].WaitMatch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	self, other := a.Config().Self, b.Config().Self
	dst := make([]byte, 2000)
	a.Send(self, []byte("self"))
	a.Send(99, []byte("nobody"))
	await(t, "a packet", func() bool {
		a.Send(other, []byte("hello"))
		n, from, ok := b.Recv(dst)
		if ok && (string(dst[:n]) != "hello" || from != self) {
			t.Fatalf("got %q of %d", dst[:n], from)
		}
		return ok
	})
	for p, seat := range a.Config().Seats {
		if r := a.Peer(netcode.Player(p)); (seat == self) != (r.Path == punch.Unknown) || seat != self && r.Connect <= 0 {
			t.Errorf("player %d: %+v", p, r)
		}
	}
	if allocs := testing.AllocsPerRun(1000, func() { a.Recv(dst) }); allocs > 0 {
		t.Errorf("Recv of nothing: %v allocations", allocs)
	}
	rooms[1].Close()
	if m, err := rooms[1].Match(); m != nil || err == nil {
		t.Errorf("a match in a closed room: %v, %v", m, err)
	}
	b.Send(self, []byte("late"))
	if _, _, ok := b.Recv(dst); ok {
		t.Error("a packet in a closed room")
	}
	a.Close()
	a.Close()
	if _, _, ok := a.Recv(dst); ok {
		t.Error("a packet after the match")
	}
	if m, err := rooms[0].Match(); m != nil || err != nil {
		t.Errorf("after the match: %v, %v", m, err)
	}
}

// Whoever closes its room in mid-match, without a word of its session, has gone for
// good: the others don't wait for the timeout, which is 300 ticks.
func TestWhoClosesItsRoomIsNotWaitedFor(t *testing.T) {
	url, _ := serve(t)
	rooms := gather(t, url+"/toy?players=3", 3)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	const frames = 600
	var matches [3]*rtc.Match
	for i, r := range rooms {
		var err error
		if matches[i], err = r.WaitMatch(ctx); err != nil {
			t.Fatal(err)
		}
	}
	var results [3]result
	var wg sync.WaitGroup
	for i, m := range matches {
		wg.Go(func() {
			results[i] = play(ctx, m, frames, func(f netcode.Frame) {
				if i == 2 && f == 100 {
					go rooms[2].Close()
				}
			})
		})
	}
	wg.Wait()
	for i, r := range results[:2] {
		if r.err != nil || r.hash == 0 || r.hash != results[0].hash {
			t.Errorf("machine %d: hash %016x, %v", i, r.hash, r.err)
		}
		if r.stats.Waited >= 300 {
			t.Errorf("machine %d waited %d ticks", i, r.stats.Waited)
		}
		t.Logf("machine %d waited %d ticks", i, r.stats.Waited)
	}
}
