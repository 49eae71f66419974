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

// apart tells seats of one name apart: two tabs of one person have one.
func apart(names []string) {
	count := map[string]int{}
	for i, name := range names {
		if name == "" {
			continue
		}
		if count[name]++; count[name] > 1 {
			names[i] = fmt.Sprintf("%s %d", name, count[name])
		}
	}
}
