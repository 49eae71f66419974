//go:build !js

package rtc

import (
	"strings"

	"github.com/punchback/punchback/signaling/secret"
)

// kept is the identity of this user, which is fresh the first time; none where it
// can't be kept.
func kept(fresh string) string {
	file, err := secret.Path("identity")
	if err != nil {
		return ""
	}
	b, err := secret.File(file, []byte(fresh+"\n"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
