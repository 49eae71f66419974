package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
)

// lists asks a lobby of many public rooms for some of them, as a client's list
// does: filtered by two conditions, sorted by a number.
func (b *bench) lists() error {
	l := lobby.New(lobby.Limits{Rooms: b.public}, rand.Uint64)
	for i := range b.public {
		hello := protocol.Message{Kind: protocol.Hello, Build: "1", Room: &protocol.Room{Public: true, Meta: map[string]string{
			"mode": []string{"duel", "team"}[i%2], "skill": strconv.Itoa(rand.IntN(3000)),
		}}}
		l.Enter(lobby.Conn(1+i), protocol.Place{Game: "bench", Min: 2, Max: 4, New: true}, hello, lobby.From{})
	}
	least := int64(0)
	ask := protocol.Message{Kind: protocol.List, Build: "1", Query: &protocol.Query{
		Where: []protocol.Term{{Key: "mode", Is: "duel"}, {Key: "skill", Min: &least}}, Sort: "-skill",
	}}
	var took []time.Duration
	for i := range 101 {
		begin := time.Now()
		out := l.Enter(lobby.Conn(1+b.public+i), protocol.Place{Game: "bench", Min: 2, Max: 2}, ask, lobby.From{})
		took = append(took, time.Since(begin))
		if n := len(out[0].Message.Rooms); n != min(protocol.MaxList, b.public/2) {
			return fmt.Errorf("%d rooms are in the list", n)
		}
	}
	say(fmt.Sprintf("a list of %d rooms, half of them sorted by a number", b.public), ms(median(took)), "≤ 5 ms")
	return nil
}
