package scene

import (
	"fmt"
	"strings"
)

// mostName is how many letters a name has at most: what a player's card has room for.
const mostName = 16

// checkName is a name without what stands around it.
func checkName(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	if s == "" {
		return "", fmt.Errorf("a name has at least one letter")
	}
	if n := len([]rune(s)); n > mostName {
		return "", fmt.Errorf("the name has %d letters, the limit is %d", n, mostName)
	}
	return s, nil
}
