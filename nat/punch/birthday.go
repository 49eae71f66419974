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

// birthdayWord is what the ends say to one another in a round, over the path that they have.
type birthdayWord struct {
	Round  uint64 `json:"round"`
	Secret []byte `json:"secret,omitempty"` // of the end that offers
	Hard   bool   `json:"hard,omitempty"`   // "my address varies; does yours?"
	At     string `json:"at,omitempty"`     // "mine does not, it is this one"
	From   string `json:"from,omitempty"`   // "my sockets write to it: guess ports of this host"
	Low    uint16 `json:"low,omitempty"`    // from this one
	High   uint16 `json:"high,omitempty"`   // to this one
	None   bool   `json:"none,omitempty"`   // "it is of no use"
}

func (w *birthdayWord) check() error {
	if len(w.Secret) > len(secret{}) || len(w.At) > 64 || len(w.From) > 64 {
		return fmt.Errorf("punch: a round's secret and addresses are %d, %d and %d bytes, must be at most %d, 64 and 64", len(w.Secret), len(w.At), len(w.From), len(secret{}))
	}
	return nil
}

// birthday is what run knows of the rounds of a link.
type birthday struct {
	round  *birthdayRound // the present one
	number uint64         // its
	began  time.Time
	count  int
}

// over reports whether no round goes on.
func (b *birthday) over() bool { return b.round == nil || b.round.over() }

// may reports whether another round may begin on the end that offers.
func (b *birthday) may(now time.Time) bool {
	return b.count < mostRounds && now.Sub(b.began) >= betweenRounds
}

// joins reports whether the other end's word begins a round here.
func (b *birthday) joins(w *birthdayWord) bool {
	return w.Round > b.number && b.count < mostRounds && len(w.Secret) == len(secret{})
}

// begin begins a round.
func (b *birthday) begin(l *Link, number uint64, s secret, now time.Time) {
	b.stop()
	b.number, b.began = number, now
	b.count++
	l.note(trace.Event{Kind: trace.Birthday, Word: "begun", N: b.count})
	b.round = newBirthdayRound(l, number, s)
}

// met is what the round has come to.
func (b *birthday) met() (m meeting) {
	if b.round != nil {
		if s := b.round.met(); s != nil {
			m = meeting{b.number, s.candidate()}
		}
	}
	return m
}

// won is the socket that has met one of the other end's in a round, from then on the
// caller's; nil: none has.
func (b *birthday) won(number uint64) *socket {
	if b.round == nil || number != b.number {
		return nil
	}
	return b.round.won()
}

// stop ends the present round, if there is one.
func (b *birthday) stop() {
	if b.round != nil {
		b.round.close()
		b.round = nil
	}
}

// guesses reports whether a round goes on, or begins, or has been won just now, so
// that nothing else is to be tried.
func (l *Link) guesses(now time.Time) bool {
	b := &l.birthday
	switch {
	case l.o.Birthday == nil:
		return false
	case b.round != nil && !b.over():
		return true
	}
	if m := b.met(); m.round != 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.negotiation.met = m
		l.negotiation.offer(manner{round: m.round}, now)
		return true
	}
	if !b.may(now) {
		return false
	}
	var s secret
	_, _ = rand.Read(s[:])
	b.begin(l, uint64(now.UnixNano()), s, now)
	return true
}

// hearBirthday takes what the other end says of a round, once the link is open.
func (l *Link) hearBirthday(w *birthdayWord, now time.Time) {
	b := &l.birthday
	if l.State() != Open || l.o.Birthday == nil || l.o.RelayOnly {
		return
	}
	if !l.o.Offer && b.joins(w) {
		b.begin(l, w.Round, secret(w.Secret), now)
	}
	if b.round != nil && w.Round == b.number {
		b.round.hear(*w)
	}
}
