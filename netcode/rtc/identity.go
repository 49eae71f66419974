package rtc

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// NoIdentity is the Options.Identity of a player who comes anew each time.
const NoIdentity = "\x00"

// identify makes of Identity the one that counts, or none.
func (o *Options) identify() {
	switch o.Identity {
	case NoIdentity:
		o.Identity = ""
	case "":
		var fresh [16]byte
		_, _ = rand.Read(fresh[:])
		o.Identity = kept(hex.EncodeToString(fresh[:]))
	}
}

// who is what the server of a game is told of an identity. Those of one game learn
// nothing of use for another, nor the identity.
func who(game, identity string) string {
	if identity == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("punchback identity 1\x00" + game + "\x00" + identity))
	return hex.EncodeToString(sum[:16])
}
