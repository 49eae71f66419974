package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/netcode/simnet"
)

// result is what -json prints.
type result struct {
	Player      int     `json:"player"`
	Players     int     `json:"players"`
	Frames      int     `json:"frames"`
	Confirmed   int     `json:"confirmed"`
	HashFrame   int     `json:"hash_frame"`
	Hash        string  `json:"hash"`
	ConnectMS   float64 `json:"connect_ms"` // the slowest link
	Path        string  `json:"path"`       // relay if any link is
	RTTMS       float64 `json:"rtt_ms"`     // of the slowest peer, from session to session
	Rollbacks   uint64  `json:"rollbacks"`
	MaxRollback int     `json:"max_rollback"`
	Stalls      uint64  `json:"stalls"`
	PacketsSent uint64  `json:"packets_sent"`
	BytesSent   uint64  `json:"bytes_sent"`
	Desyncs     int     `json:"desyncs"` // always 0: a desync is an error
}

const (
	patience = 20 * game.Rate // frames that a match which is over is left to the others to look at
	farewell = 2 * time.Second
)

// player is one match as this bot plays it.
type player struct {
	options
	match   *rtc.Match
	cfg     netcode.Config
	net     *simnet.Shaper
	game    *game.Game
	session *netcode.Session
	solo    *solo
	seat    netcode.Player
	result  result
}

// play plays a match to -frames, or until it is over, somebody leaves, or ctx
// is.
func play(ctx context.Context, match *rtc.Match, o options, out io.Writer) (result, error) {
	p := &player{options: o, match: match, cfg: match.Config(), net: simnet.Shape(match, o.seed, o.path())}
	p.game = game.New(p.cfg.Seed, p.cfg.Players)
	p.solo = &solo{game: game.New(p.cfg.Seed, p.cfg.Players)}
	p.cfg.Recorders = []netcode.Recorder{p.solo}
	for seat, id := range p.cfg.Seats {
		if id == p.cfg.Self {
			p.seat = netcode.Player(seat)
		}
	}
	var err error
	if p.session, err = netcode.NewSession(p.game, p.net, p.cfg); err != nil {
		return p.result, err
	}
	err = p.loop(ctx, out)
	p.look()
	switch {
	case o.frames > 0 && err == nil && !p.reached():
		err = interrupted(ctx)
	case err == nil:
		err = p.session.RecordError() // The solo simulation came out differently.
	}
	return p.result, err
}

// loop is the whole of driving a game without a screen: wait, then as many
// ticks as are due.
func (p *player) loop(ctx context.Context, out io.Writer) error {
	var deadline time.Time // for the others to hear our goodbye
	second := time.Now()
	for !p.session.Done() {
		if ctx.Err() != nil && deadline.IsZero() {
			deadline = time.Now().Add(farewell)
		}
		if !deadline.IsZero() && time.Now().After(deadline) {
			return nil
		}
		if err := p.match.Wait(context.Background()); err != nil {
			return err
		}
		for range p.match.Due() {
			if err := p.tick(); err != nil {
				return err
			}
			if p.finished() || ctx.Err() != nil {
				p.session.Leave()
			}
		}
		if time.Since(second) >= time.Second {
			second = time.Now()
			p.look()
			fmt.Fprintln(out, p)
		}
	}
	for range (p.lag+p.jitter)*game.Rate/1000 + 1 { // What is still held back.
		_ = p.match.Wait(context.Background())
		p.match.Due()
		p.net.Tick()
	}
	return nil
}

// tick is one frame. That somebody leaves is no error once everything asked
// for is played: of several bots one is the first to go.
func (p *player) tick() error {
	p.net.Tick()
	err := p.session.Advance(netcode.Input{Bits: game.Bot(p.game.State(), p.seat, p.seed)})
	p.note()
	var left *netcode.LeftError
	if errors.As(err, &left) && !left.Timeout && p.reached() && int(left.Frame) >= p.frames && p.frames > 0 {
		p.session.Leave()
		return nil
	}
	return err
}

// note keeps the hash that -frames asks for before the session forgets it.
func (p *player) note() {
	if p.result.Hash == "" && p.frames > 0 {
		if h, ok := p.session.Hash(netcode.Frame(p.frames)); ok {
			p.result.Hash = fmt.Sprintf("%016x", h)
			p.look()
		}
	}
}

// reached reports whether this machine has confirmed -frames.
func (p *player) reached() bool { return p.result.Hash != "" }

// finished reports whether there is nothing more to play: every machine that is
// still here has confirmed -frames, or the match is over and was looked at.
func (p *player) finished() bool {
	if p.frames == 0 {
		s := p.game.State()
		return s.Phase == game.MatchOver && s.Clock > patience
	}
	st := p.session.Stats()
	for _, other := range st.Peers[:st.Others] {
		if !other.Gone && int(other.Confirmed) < p.frames {
			return false
		}
	}
	return p.reached()
}

// look brings the result up to date.
func (p *player) look() {
	st, r := p.session.Stats(), &p.result
	r.Player, r.Players = int(p.seat), p.cfg.Players
	r.Frames, r.HashFrame, r.Confirmed = p.frames, p.frames, int(st.Confirmed)
	r.Rollbacks, r.MaxRollback, r.Stalls = st.Rollbacks, st.MaxDepth, st.Waited
	r.PacketsSent, r.BytesSent = st.PacketsSent, st.BytesSent
	r.RTTMS = 0
	for _, other := range st.Peers[:st.Others] {
		r.RTTMS = max(r.RTTMS, math.Round(10*float64(other.RTT)/game.Rate)/10)
	}
	for seat := range p.cfg.Seats {
		report := p.match.Peer(netcode.Player(seat))
		if report.State != punch.Open || report.Path == punch.Unknown {
			continue // This machine, or a link that is gone by now: what it was is known.
		}
		r.ConnectMS = max(r.ConnectMS, float64(report.Connect.Microseconds()/100)/10)
		if report.Path == punch.Relay || r.Path == "" {
			r.Path = report.Path.String()
		}
	}
}

// String is the line of a second.
func (p *player) String() string {
	r := p.result
	return fmt.Sprintf("frame %d, confirmed %d, round trip %.0f ms, %s, %d rollbacks (deepest %d), %d stalls",
		p.session.Frame(), r.Confirmed, r.RTTMS, r.Path, r.Rollbacks, r.MaxRollback, r.Stalls)
}
