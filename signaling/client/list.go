package client

import (
	"context"
	"fmt"
	"time"

	"github.com/punchback/punchback/netcode/printable"
	"github.com/punchback/punchback/signaling/protocol"
)

// List asks for the public rooms of a game (wss://host/GAME), and waits for the
// answer for as long as ctx lasts. Whoever refuses says why, see Refusal.
func List(ctx context.Context, rawURL, build string, q protocol.Query) ([]protocol.Listed, error) {
	base, place, err := Parse(rawURL)
	if err != nil {
		return nil, err
	}
	if err := mixed(pageScheme(), base); err != nil {
		return nil, err
	}
	s, err := dial(ctx, base.String()+protocol.Place{Game: place.Game, Min: place.Min, Max: place.Max}.String())
	if err != nil {
		return nil, fmt.Errorf("signaling: can't reach %s: %w", base, err)
	}
	defer s.close(nil)
	if err := s.say(protocol.Encode(protocol.Message{Kind: protocol.List, Build: build, Query: &q})); err != nil {
		return nil, fmt.Errorf("signaling: lost %s: %w", base, err)
	}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case b, ok := <-s.frames():
			if !ok {
				return nil, fmt.Errorf("signaling: lost %s: %w", base, s.reason())
			}
			m, err := protocol.Decode(b)
			if err != nil {
				return nil, fmt.Errorf("signaling: %s is no Punchback server: %w", base, err)
			}
			switch {
			case m.Kind == protocol.Rooms:
				return m.Rooms, nil
			case m.Kind == protocol.Error:
				return nil, &refusal{printable.Line(m.Code), printable.Line(m.Text), time.Duration(m.After) * time.Millisecond}
			}
		}
	}
}
