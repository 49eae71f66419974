// Package others is about relays that somebody else operates: it lists them and provides
// credentials for them, for coturn by a shared secret, and for vendors of TURN by a URL or a
// command that mints credentials. No caller ever waits for that. The package relays nothing
// itself, and is never in a browser.
package others

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// Relay is one of them, with all by which players are let in there.
type Relay struct {
	URLs     []string      // stun:, turn: and turns:; with Mint or Run in place of those of the answer
	Secret   string        // that the relay has, too (coturn's use-auth-secret); empty: none
	User     string        // with Password: those of every player, or with Mint ours
	Password string        //
	Mint     string        // URL that answers with credentials; empty: none
	Token    string        // by which it knows us, as a bearer
	Body     string        // what is posted there, JSON or a form; empty: it is a GET
	Run      []string      // a command that prints such an answer
	TTL      time.Duration // how long credentials are good; default 24 h for Secret, for the others what the answer says, or 1 h
}

// name is what may be said of a relay.
func (r *Relay) name() string {
	switch {
	case r.Mint != "":
		return hostOf(r.Mint)
	case len(r.Run) > 0:
		return r.Run[0]
	case len(r.URLs) > 0:
		return hostOf(r.URLs[0])
	}
	return "none"
}

func (r *Relay) mints() bool { return r.Mint != "" || len(r.Run) > 0 }

// Relays are all of them. Close ends what renews their credentials.
type Relays struct {
	all    []*kept
	news   atomic.Int64 // Unix nanoseconds
	minted atomic.Uint64
	failed atomic.Uint64
	log    *slog.Logger
	ctx    context.Context
	end    context.CancelFunc
	wg     sync.WaitGroup
}

// kept is a relay with what was minted for it.
type kept struct {
	Relay
	mu      sync.Mutex
	servers []protocol.Server
	until   time.Time
}

// Start begins to mint what is to be minted.
func Start(list []Relay, log *slog.Logger) *Relays {
	r := &Relays{log: log}
	r.ctx, r.end = context.WithCancel(context.Background())
	for _, one := range list {
		k := &kept{Relay: one}
		r.all = append(r.all, k)
		if k.mints() {
			r.wg.Go(func() { r.renew(k) })
		}
	}
	return r
}

// Close waits until nothing is minted any more.
func (r *Relays) Close() {
	r.end()
	r.wg.Wait()
}

// Names are what a person may be told: hosts, and commands.
func (r *Relays) Names() (names []string) {
	for _, k := range r.all {
		names = append(names, k.name())
	}
	return names
}

// News is when credentials came that not everybody has been told of.
func (r *Relays) News() time.Time { return time.Unix(0, r.news.Load()) }

// Minted counts the credentials that were asked for and came.
func (r *Relays) Minted() uint64 { return r.minted.Load() }

// Failed counts those that did not come.
func (r *Relays) Failed() uint64 { return r.failed.Load() }

// Usable is of how many relays players are told now, of All.
func (r *Relays) Usable() (n int) {
	for _, k := range r.all {
		if len(k.credentials("", time.Now())) > 0 {
			n++
		}
	}
	return n
}

// All is how many there are.
func (r *Relays) All() int { return len(r.all) }

// Servers are what a player is told of, who is one of its own: a relay is given no
// more than a word made of that. Those whose credentials are over are left out.
func (r *Relays) Servers(who string) (list []protocol.Server) {
	now := time.Now()
	for _, k := range r.all {
		list = append(list, k.credentials(who, now)...)
	}
	return list
}

func (k *kept) credentials(who string, now time.Time) []protocol.Server {
	switch {
	case k.mints():
		k.mu.Lock()
		defer k.mu.Unlock()
		if now.After(k.until) {
			return nil
		}
		return k.servers
	case k.Secret != "":
		user, credential := k.sign(who, now)
		return with(k.URLs, user, credential)
	}
	return with(k.URLs, k.User, k.Password)
}

// sign makes credentials as draft-uberti-behave-turn-rest has them, and coturn with
// use-auth-secret. The name is no player's, whose room has a code.
func (k *kept) sign(who string, now time.Time) (user, credential string) {
	ttl := k.TTL
	if ttl == 0 {
		ttl = 24 * time.Hour
	}
	name := hmac.New(sha256.New, []byte(k.Secret))
	name.Write([]byte("name\x00" + who))
	user = strconv.FormatInt(now.Add(ttl).Unix(), 10) + ":" + hex.EncodeToString(name.Sum(nil)[:8])
	mac := hmac.New(sha1.New, []byte(k.Secret))
	mac.Write([]byte(user))
	return user, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// with gives URLs of relays their credentials; STUN has none.
func with(urls []string, user, credential string) (list []protocol.Server) {
	var stun, turn []string
	for _, u := range urls {
		if isTURN(u) {
			turn = append(turn, u)
		} else {
			stun = append(stun, u)
		}
	}
	if len(stun) > 0 {
		list = append(list, protocol.Server{URLs: stun})
	}
	if len(turn) > 0 {
		list = append(list, protocol.Server{URLs: turn, Username: user, Credential: credential})
	}
	return list
}
