package rtc

import (
	"context"
	"fmt"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// Query says which rooms List is to tell of. The zero value asks for the
// hundred oldest.
type Query struct {
	Build string // the game's name and version, as in Options: only rooms of the same are told of
	Where []Term // conditions on a room's Metadata; all must hold
	Sort  string // "age" (the oldest first), "members" (the fewest first) or a key of Metadata that holds numbers; a minus before it turns it round
	Limit int    // at most 100, which zero means
}

// Term is a condition on one key of a room's Metadata: see Has, Is, AtLeast and AtMost.
type Term struct{ term protocol.Term }

// Has asks for rooms that have a key.
func Has(key string) Term { return Term{protocol.Term{Key: key}} }

// Is asks for rooms where a key has this value.
func Is(key, value string) Term { return Term{protocol.Term{Key: key, Is: value}} }

// AtLeast asks for rooms where a key is a number and not less than n.
func AtLeast(key string, n int64) Term { return Term{protocol.Term{Key: key, Min: &n}} }

// AtMost asks for rooms where a key is a number and not more than n.
func AtMost(key string, n int64) Term { return Term{protocol.Term{Key: key, Max: &n}} }

// Listed is a public room that has a place and lets newcomers in just now.
type Listed struct {
	Code     string // enter it by Join with /GAME/CODE
	Members  int    // machines in it
	Min, Max int    // machines that a match needs, and takes
	Playing  bool   // a match is played; newcomers come in all the same, see Room.SetLate
	Metadata map[string]string
}

// List asks a server for the public rooms of a game: wss://host/GAME, or /GAME
// as in Join. It waits for the answer, so call it beside the game's loop. A room
// is public by Options.Public or Room.SetMetadata. The error is that of a bad link or
// query, an *Error of the server's, or that of ctx.
func List(ctx context.Context, link string, q Query) ([]Listed, error) {
	p := around()
	p.room, p.players = "", "" // of the page, not of the list
	query := protocol.Query{Sort: q.Sort, Limit: q.Limit}
	for _, t := range q.Where {
		query.Where = append(query.Where, t.term)
	}
	if err := query.Check(); err != nil {
		return nil, fmt.Errorf("rtc: %w", err)
	}
	found, err := client.List(ctx, p.complete(link), q.Build, query)
	if client.Refusal(err) != "" {
		return nil, serverError(err)
	}
	if err != nil {
		return nil, fmt.Errorf("rtc: %w", err)
	}
	rooms := make([]Listed, 0, len(found))
	for _, l := range found {
		rooms = append(rooms, Listed{l.Code, l.Members, l.Min, l.Max, l.Playing, l.Meta})
	}
	return rooms, nil
}
