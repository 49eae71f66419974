package relay

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/turn/v5"
)

// member is one whose credentials have been used, or must not be.
type member struct {
	sockets int
	last    time.Time // when it had one
	used    atomic.Int64
	gone    bool        // it has left its room
	since   int64       // the end, in Unix seconds, of the first credentials after somebody of the same name has left; 0: nobody has
	until   time.Time   // it stays without being heard of
	timer   *time.Timer // for that
}

const (
	forgetAfter = time.Hour
	manyMembers = 4096    // more than these are looked through for some to forget, once a minute
	maxMembers  = 1 << 16 // more than these are not remembered for having left, if they have used nothing
)

// member finds one; the lock is held.
func (r *Relay) member(user string) *member {
	if len(r.users) >= manyMembers && time.Since(r.swept) > time.Minute {
		r.swept = time.Now()
		for name, m := range r.users {
			if r.over(m) {
				m.timer.Stop()
				delete(r.users, name)
			}
		}
	}
	m := r.users[user]
	if m == nil || r.over(m) {
		if m != nil {
			m.timer.Stop()
		}
		m = &member{last: time.Now()}
		r.stay(m)
		r.users[user] = m
	}
	return m
}

// over reports whether nothing of a member matters any more: it has used nothing
// for an hour, or has left and its credentials are over. The lock is held.
func (r *Relay) over(m *member) bool {
	after := forgetAfter
	if m.gone {
		after = r.cfg.Valid + time.Second // Credentials tell the time in seconds.
	}
	return m.sockets == 0 && time.Since(m.last) > after
}

// Mint makes credentials for who, such as "game/room:member". They can be used to
// begin until Valid is over; what has begun goes on, so that a match outlives
// them, for as long as the member is heard of: Mint or Seen is to be called anew
// before Stay is over.
func (r *Relay) Mint(who string) (username, credential string) {
	until := time.Now().Add(r.cfg.Valid).Unix()
	r.mu.Lock()
	if m := r.users[who]; m != nil && m.gone { // A room of the same name may have given the same number.
		m.timer.Stop()
		delete(r.users, who)
		r.member(who).since = until
	} else if m != nil {
		r.stay(m)
	}
	r.mu.Unlock()
	username = strconv.FormatInt(until, 10) + ":" + who
	return username, r.sign(username)
}

// Seen tells that a member is still in its room, though it is given credentials
// elsewhere: its signaling has moved to another server, and what it is sent by
// this one goes on.
func (r *Relay) Seen(who string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.users[who]; m != nil && !m.gone {
		r.stay(m)
	}
}

// Leave ends what is relayed for who at once. Its credentials are of no more use
// then, unless it is given others.
func (r *Relay) Leave(who string) {
	r.mu.Lock()
	m := r.users[who]
	if m == nil && len(r.users) < maxMembers {
		m = r.member(who) // who may have credentials that were not used yet
	}
	r.end(m)
}

// Hold is for when nobody will tell any more who is in its room: what is relayed
// goes on until it ends by itself.
func (r *Relay) Hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = true
}

// stay lets a member have what it has for another while; the lock is held.
func (r *Relay) stay(m *member) {
	m.until = time.Now().Add(r.cfg.Stay)
	if m.timer == nil {
		m.timer = time.AfterFunc(r.cfg.Stay, func() { r.late(m) })
	} else {
		m.timer.Reset(r.cfg.Stay)
	}
}

// late ends what is relayed for a member that was not heard of for so long.
func (r *Relay) late(m *member) {
	r.mu.Lock()
	if r.held || time.Now().Before(m.until) {
		m = nil
	}
	r.end(m)
}

// end ends what is relayed for a member, if there is one, and lets go of the lock.
func (r *Relay) end(m *member) {
	var all []*socket
	if m != nil && !r.closed {
		m.gone, m.last = true, time.Now()
		for _, s := range r.ports {
			if m.sockets == 0 {
				break
			}
			if s.member == m {
				all = append(all, s)
			}
		}
	}
	r.mu.Unlock()
	for _, s := range all {
		s.Close()
	}
}

func (r *Relay) sign(username string) string {
	mac := hmac.New(sha1.New, r.secret[:])
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// allocate is the method number of an Allocate request (RFC 8656).
const allocate = 0x003

// auth checks who asks. Only beginnings ask for the time: a Refresh or a
// permission belongs to an allocation, which the server looks up by the same
// member and by where the request came from. All ask whether the member has left.
func (r *Relay) auth(a *turn.RequestAttributes) (user string, key []byte, ok bool) {
	expiry, who, ok := strings.Cut(a.Username, ":")
	if !ok {
		return "", nil, false
	}
	until, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil || a.Method == allocate && time.Now().Unix() > until || r.left(who, until) {
		return "", nil, false
	}
	return who, turn.GenerateAuthKey(a.Username, a.Realm, r.sign(a.Username)), true
}

// left reports whether somebody is in its room no more, or has credentials of one
// who was there before under the same name: they are good for nothing.
func (r *Relay) left(who string, until int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.users[who]
	return m != nil && (m.gone || until < m.since)
}

// allowance reports whether a member may have one more address; if not it is
// answered 486 (Allocation Quota Reached).
func (r *Relay) allowance(user, _ string, from net.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	cause, ok := r.spent(r.member(user))
	if !ok && r.crowded(addrPort(from).Addr()) {
		cause, ok = NetworkAddresses, true
	}
	if ok {
		r.counts[cause].Add(1)
	}
	return !ok
}

// spent reports whether a member can have no more addresses; the lock is held.
func (r *Relay) spent(m *member) (c Cause, ok bool) {
	if m.used.Load() > int64(r.cfg.Limits.Total) {
		return Quota, true
	}
	return Addresses, m.sockets >= r.cfg.Limits.Member
}
