package rtc

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/punchback/punchback/signaling/protocol"
)

// seal keeps what machines say to one another while they connect, which holds
// their addresses, from the server that carries it (XChaCha20-Poly1305). Who has
// another secret, or none, is not understood, and neither is a server that
// changes, mixes up or makes up anything.
type seal struct{ aead cipher.AEAD }

// sealed is what such a payload begins with; none that is not does.
var sealed = [2]byte{0xff, 0xff}

// NewSecret makes a secret that nobody guesses, for Options.Secret.
func NewSecret() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// newSeal makes one of a secret; without one it is nil, and lets everything pass.
func newSeal(secret string) *seal {
	if secret == "" {
		return nil
	}
	key := sha256.Sum256([]byte("punchback signals " + secret))
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic("rtc: " + err.Error()) // the key is as long as it has to be
	}
	return &seal{aead}
}

// bound is what a sealed payload belongs to: it means nothing in another room, or
// between others.
func bound(room string, from, to protocol.ID) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(from))
	b = binary.BigEndian.AppendUint16(b, uint16(to))
	return append(b, room...)
}

func (s *seal) close(payload []byte, room string, from, to protocol.ID) []byte {
	if s == nil {
		return payload
	}
	b := make([]byte, len(sealed)+chacha20poly1305.NonceSizeX, len(sealed)+chacha20poly1305.NonceSizeX+len(payload)+chacha20poly1305.Overhead)
	copy(b, sealed[:])
	nonce := b[len(sealed):]
	_, _ = rand.Read(nonce)
	return s.aead.Seal(b, nonce, payload, bound(room, from, to))
}

func (s *seal) open(b []byte, room string, from, to protocol.ID) (payload []byte, ok bool) {
	is := len(b) >= len(sealed)+chacha20poly1305.NonceSizeX && [2]byte(b) == sealed
	if s == nil || !is {
		return b, s == nil && !is
	}
	b = b[len(sealed):]
	nonce := b[:chacha20poly1305.NonceSizeX]
	payload, err := s.aead.Open(nil, nonce, b[len(nonce):], bound(room, from, to))
	return payload, err == nil
}
