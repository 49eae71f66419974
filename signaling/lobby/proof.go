package lobby

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/punchback/punchback/signaling/protocol"
)

// A token proves which member of which room its holder was, also to a server
// that has forgotten the room. It is 32 characters: 16 are a secret of the room,
// which all tokens of it begin with, and that begins with the time when it was made;
// one is how many times it came back; 3 are random, since a number may be given
// twice; 12 are a code of those and the number (HMAC-SHA-256, RFC 2104) by the
// room's key. The server's key makes that from the secret, so it need not be kept
// anywhere.

// secret is what begins the tokens of a room, if a token can be one.
func secret(token string) string {
	if len(token) == 32 {
		return token[:16]
	}
	return ""
}

// lockOf is the key of the room of that game, code and secret.
func (d *directory) lockOf(k, secret string) (key [16]byte) {
	h := hmac.New(sha256.New, d.box.limits.Key)
	h.Write([]byte(k + "/" + secret))
	copy(key[:], h.Sum(nil))
	return key
}

// tokenOf is a token of a member of the room with that secret and key.
func tokenOf(secret, salt string, key [16]byte, id protocol.ID) string {
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte(salt))
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(id)))
	return secret + salt + hex.EncodeToString(h.Sum(nil)[:6])
}

// token is a new one for a member.
func (r *room) token(id protocol.ID) string {
	return tokenOf(r.secret, fmt.Sprintf("%x", r.life)+r.box.hex(1)[:3], r.key, id)
}

// proves reports whether a hello comes from the member of this room that it says
// it was.
func (r *room) proves(hello *protocol.Message) bool {
	return proves(r.secret, r.key, hello)
}

func proves(secret string, key [16]byte, hello *protocol.Message) bool {
	t := hello.Resume
	return hello.Self > 0 && secret != "" && len(t) == 32 && t[:16] == secret && subtle.ConstantTimeCompare([]byte(tokenOf(secret, t[16:20], key, hello.Self)), []byte(t)) == 1
}

// former reports whether a hello comes from a member of an earlier room of that
// game and code, which a server has forgotten that had the same key, or whose
// members were all away: not so long ago that others may have it by right.
func (d *directory) former(k string, hello *protocol.Message) bool {
	s := secret(hello.Resume)
	return s != "" && (d.box.now < d.box.limits.PlayGrace || d.past[deserted(s)] > d.box.now) && d.past[spent(s, hello.Self)] <= d.box.now && proves(s, d.lockOf(k, s), hello)
}

// proven reports whether a hello comes from a member of the room that it asks for, or
// of an earlier one of that code.
func (d *directory) proven(p protocol.Place, hello *protocol.Message) bool {
	k := key(p.Game, p.Code)
	for _, r := range [...]*room{d.rooms[k], d.learned[k]} {
		if r != nil && r.proves(hello) {
			return true
		}
	}
	return d.former(k, hello)
}

// lock makes a room that of a secret; an empty one is a new secret.
func (d *directory) lock(r *room, secret string) {
	if r.secret = secret; secret == "" {
		r.secret = fmt.Sprintf("%010x", (d.box.limits.Since+int64(d.box.now))&(1<<40-1)) + d.box.hex(1)[:6]
	}
	r.key = d.lockOf(key(r.game, r.code), r.secret)
}

// deserted is how a room whose members were all away stands among what is over.
func deserted(secret string) string { return "?" + secret + "/" }

// spent is how a kicked member stands among what is over, when the room is.
func spent(secret string, id protocol.ID) string { return fmt.Sprintf("!%s/%d", secret, id) }
