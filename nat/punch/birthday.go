package punch

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// Where one end's NAT gives every destination another port of its own, and the
// other end's lets in only a port that it has written to, neither can tell the
// other where to send, and the link stays on the relay. Then the first opens many
// sockets that all write to the one address of the second, and the second guesses
// ports: with 256 of 64,512 the first right guess is to be expected after 175, and
// 98 of 100 come within 1,000 (the birthday paradox; tailscale.com, "How NAT
// traversal works"). The link then goes over to the pair of sockets that met.
//
// It costs a router some hundred mappings and both ends some ten kilobytes, so it
// is for those who ask for it, is begun when the direct way has failed, and is
// given up after a few rounds.

const (
	mostServers   = 8 // that are asked about this end's NAT
	manySockets   = 256
	fewSockets    = 64   // where the ports are known to lie close together
	closeTogether = 2048 // ports
	mostGuesses   = 1000 // of one round
	guessEvery    = 2 * time.Millisecond
	oneRound      = 12 * time.Second // from the question to the answer
	betweenRounds = 30 * time.Second
	mostRounds    = 2 // of one link: all that a foreign address hears of it, if it is named for the other end's, is mostGuesses twice
)

// secret marks the packets of one round, so that nobody else's count.
type secret [12]byte

// luck is what the ends say to one another in a round, over the path that they have.
type luck struct {
	Round  uint64 `json:"round"`
	Secret []byte `json:"secret,omitempty"` // of the end that offers
	Hard   bool   `json:"hard,omitempty"`   // "my address varies; does yours?"
	At     string `json:"at,omitempty"`     // "mine does not, it is this one"
	From   string `json:"from,omitempty"`   // "my sockets write to it: guess ports of this host"
	Low    uint16 `json:"low,omitempty"`    // from this one
	High   uint16 `json:"high,omitempty"`   // to this one
	None   bool   `json:"none,omitempty"`   // "it is of no use"
}

func (k *luck) check() error {
	if len(k.Secret) > len(secret{}) || len(k.At) > 64 || len(k.From) > 64 {
		return fmt.Errorf("punch: a round's secret and addresses are %d, %d and %d bytes, must be at most %d, 64 and 64", len(k.Secret), len(k.At), len(k.From), len(secret{}))
	}
	return nil
}

// chance is what run knows of the present round.
type chance struct {
	hunt  *hunt
	round uint64
	began time.Time
	count int // rounds of this link
}

// hunting tells that a round goes on, or begins, or has been won just now, so
// that nothing else is to be tried.
func (l *Link) hunting(a *attempt, now time.Time) bool {
	c := &l.chance
	switch {
	case l.o.Birthday == nil:
		return false
	case c.hunt != nil && !c.hunt.over():
		return true
	}
	if s := c.won(c.round); s != nil {
		a.direct, a.by = false, s
		l.offer(a, now)
		return true
	}
	if c.count == mostRounds || now.Sub(c.began) < betweenRounds {
		return false
	}
	l.tryLuck(c, now)
	return true
}

// won is the socket that has met one of the other end's in a round; nil: none has.
func (c *chance) won(round uint64) *socket {
	if c.hunt == nil || round != c.round {
		return nil
	}
	return c.hunt.won()
}

// tryLuck begins a round, on the end that offers.
func (l *Link) tryLuck(c *chance, now time.Time) {
	l.stopLuck(c)
	var s secret
	_, _ = rand.Read(s[:])
	c.round, c.began = uint64(now.UnixNano()), now
	c.count++
	l.note(trace.Event{Kind: trace.Luck, Word: "begun", N: c.count})
	c.hunt = newHunt(l, c.round, s, true)
}

// hearLuck takes what the other end says of a round.
func (l *Link) hearLuck(c *chance, k *luck, now time.Time) {
	if l.o.Birthday == nil || l.o.RelayOnly {
		return
	}
	if !l.o.Offer && k.Round > c.round && c.count < mostRounds && len(k.Secret) == len(secret{}) {
		l.stopLuck(c)
		c.round, c.began = k.Round, now
		c.count++
		l.note(trace.Event{Kind: trace.Luck, Word: "begun", N: c.count})
		c.hunt = newHunt(l, c.round, secret(k.Secret), false)
	}
	if c.hunt != nil && k.Round == c.round {
		c.hunt.hear(*k)
	}
}

// stopLuck ends the present round, if there is one.
func (l *Link) stopLuck(c *chance) {
	if c.hunt != nil {
		c.hunt.close()
		c.hunt = nil
	}
}
