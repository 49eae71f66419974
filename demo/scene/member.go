//go:build cgo || windows || js

package scene

import (
	"strings"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/netcode/simnet"
)

// member is one machine in a room and, while there is one, its match. The
// person has one; the bot that plays against a person alone is another, with a
// room and links of its own, polled in the same ticks.
type member struct {
	o       *Options
	delay   int // of inputs, as netcode.Config has it
	room    *rtc.Room
	bot     uint64 // plays by itself, with this seed; zero is a person
	match   *rtc.Match
	net     *simnet.Shaper
	game    *game.Game
	session *netcode.Session
	seat    netcode.Player
	over    error // why the session ended
	leaving int   // ticks since it said goodbye
	debt    int   // ticks that the clock of the match is ahead of Ebiten's
}

// enter joins a room, for the person with these settings or for a bot.
func enter(p place, o *Options, s settings, name string, bot uint64) (*member, error) {
	room, err := rtc.Join(p.url(), &rtc.Options{Build: game.Build, Name: name, Late: true, RelayOnly: s.relay})
	if err != nil {
		return nil, err
	}
	return &member{o: o, delay: s.frames(), room: room, bot: bot}, nil
}

// poll begins the match as soon as there is one.
func (m *member) poll() error {
	if m.session != nil {
		return nil
	}
	match, err := m.room.Match()
	if match == nil {
		return err
	}
	cfg := match.Config()
	cfg.Delay = m.delay
	m.match, m.over, m.leaving, m.debt = match, nil, 0, 0
	m.game = game.New(cfg.Seed, cfg.Players)
	m.net = simnet.Shape(match, cfg.Seed^uint64(cfg.Self), simnet.Path{})
	if m.bot == 0 {
		m.net.Set(path(m.o.Lag, m.o.Jitter, m.o.Loss))
	}
	for seat, id := range cfg.Seats {
		if id == cfg.Self {
			m.seat = netcode.Player(seat)
		}
	}
	m.session, err = netcode.NewSession(m.game, m.net, cfg)
	return err
}

// path is a network as people say it: in ms and a share of packets.
func path(lag, jitter int, loss float64) simnet.Path {
	return simnet.Path{Latency: simnet.Millis(lag, game.Rate), Jitter: simnet.Millis(jitter, game.Rate), Loss: int(loss * 1000)}
}

// tick is one Update of Ebiten. Ebiten's clock drives, one frame a tick, so
// that pictures come evenly; the clock of the match only corrects it: what a
// long frame or a sleep has swallowed is made up for, a few frames at a time.
func (m *member) tick(bits uint64) {
	m.debt = min(m.debt+m.match.Due(), 30)
	n := 1
	if m.debt > 4 {
		n = min(m.debt, 5)
	} else if m.debt < -2 {
		n = 0
	}
	m.debt -= n
	for range n {
		if m.over != nil {
			return
		}
		m.net.Tick()
		if m.bot != 0 {
			bits = game.Bot(m.game.State(), m.seat, m.bot)
		}
		m.over = m.session.Advance(netcode.Input{Bits: bits})
	}
}

// finish says goodbye to the match and tells when the others have heard it.
func (m *member) finish() bool {
	if m.session == nil {
		return true
	}
	if m.leaving == 0 {
		m.session.Leave()
	}
	m.leaving++
	if m.over != nil || m.session.Done() || m.leaving > 60 {
		_ = m.match.Close()
		m.session, m.match = nil, nil
		return true
	}
	m.tick(0)
	return false
}

// partner is what the bot does in every tick: it is always ready for more.
func (m *member) partner() {
	if m == nil || m.poll() != nil || m.session == nil {
		return
	}
	if m.over != nil {
		m.finish()
		return
	}
	m.tick(0)
}

// decided reports whether the match is over in a way that nobody can change.
func (m *member) decided() bool {
	s := m.game.State()
	return s.Phase == game.MatchOver && (m.over != nil || int32(s.Frame-m.session.Confirmed()) < s.Clock)
}

// worst is the report of the slowest link, of a relayed one if there is any, and
// first of all of one that is silent.
func (m *member) worst() (r punch.Report) {
	if m.match == nil {
		return r
	}
	for seat := range m.game.State().Players {
		if netcode.Player(seat) == m.seat {
			continue
		}
		if s := m.match.Peer(netcode.Player(seat)); r.Path == punch.Unknown || s.Silent > r.Silent || r.Silent == 0 && (s.Path == punch.Relay && r.Path != punch.Relay || s.Path == r.Path && s.RTT > r.RTT) {
			r = s
		}
	}
	return r
}

// names are those of the seats.
func (m *member) names() (n [game.MaxPlayers]string) {
	seats := m.match.Config().Seats
	for who := range m.room.Members() {
		for seat, id := range seats {
			if id == who.Peer && seat < len(n) && !strings.HasPrefix(who.Name, "player ") { // a name that nobody chose
				n[seat] = who.Name
			}
		}
	}
	apart(n[:])
	return n
}

// notes are what is wrong with the machines of the seats.
func (m *member) notes() (n [game.MaxPlayers]string) {
	seats := m.match.Config().Seats
	for who := range m.room.Members() {
		for seat, id := range seats {
			if id == who.Peer && seat < len(n) {
				n[seat] = trouble(&who)
			}
		}
	}
	return n
}

// leave ends a member in the background: its goodbye takes a few ticks, and
// closing a room may take longer than a frame has.
func (a *app) leave(m *member) {
	if m != nil {
		a.gone = append(a.gone, m)
	}
}

// part polls those who leave.
func (a *app) part() {
	kept := a.gone[:0]
	for _, m := range a.gone {
		if !m.finish() {
			kept = append(kept, m)
			continue
		}
		a.closing.Go(func() { _ = m.room.Close() })
	}
	clear(a.gone[len(kept):])
	a.gone = kept
}
