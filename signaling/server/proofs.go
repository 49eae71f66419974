package server

import (
	"crypto/rand"
	"fmt"

	"github.com/punchback/punchback/signaling/secret"
)

const minProofs = 16 // bytes

// fresh is a key that nobody guesses.
func fresh() []byte {
	key := make([]byte, 2*minProofs)
	rand.Read(key)
	return key
}

// Proofs is the key that a file holds, for Config: with it a server knows after a
// restart who was in a room, and as what. If there is no such file, one is made,
// that only its owner can read. "" is punchback/proofs.key in this user's folder
// of configuration.
func Proofs(file string) ([]byte, error) {
	var err error
	if file == "" {
		file, err = secret.Path("proofs.key")
	}
	var key []byte
	if err == nil {
		key, err = secret.File(file, fresh())
	}
	if err != nil {
		return nil, fmt.Errorf("server: proofs: %w", err)
	}
	if len(key) < minProofs {
		return nil, fmt.Errorf("server: proofs: %s has %d bytes, want %d or more", file, len(key), minProofs)
	}
	return key, nil
}
