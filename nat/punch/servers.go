package punch

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// SetICEServers replaces the servers of Options for the attempts to come: their
// credentials age, and a server that ends takes with it what it relays. A
// relayed link none of whose relays is among them any more goes over to one that
// is while it still hears the other end; one that hears nothing tries at once.
func (l *Link) SetICEServers(servers []ICEServer) error {
	if err := checkServers(servers); err != nil {
		return err
	}
	is := relays(servers)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.upkeep.renew()
	if len(is) > 0 && !slices.ContainsFunc(relays(l.o.ICEServers), func(u string) bool { return slices.Contains(is, u) }) {
		l.paths.era++
	}
	l.o.ICEServers = slices.Clone(servers)
	l.poke()
	return nil
}

// Silent reports whether nothing has come from the other end for so long that an
// open link looks for another path, if it is one on which something comes all the time.
func (l *Link) Silent() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state == Open && l.in.silent(time.Now()) >= silentAfter
}

func checkServers(servers []ICEServer) error {
	for _, s := range servers {
		for _, u := range s.URLs {
			if scheme, _, _ := strings.Cut(u, ":"); !slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) {
				return fmt.Errorf("punch: Servers: %q is no stun: or turn: URL", u)
			}
		}
	}
	return nil
}

func relays(servers []ICEServer) (urls []string) {
	for _, s := range servers {
		for _, u := range s.URLs {
			if isRelay(u) {
				urls = append(urls, u)
			}
		}
	}
	return urls
}

func isRelay(url string) bool { return strings.HasPrefix(url, "turn") }

func withoutRelays(servers []ICEServer) (rest []ICEServer) {
	for _, s := range servers {
		s.URLs = slices.DeleteFunc(slices.Clone(s.URLs), isRelay)
		if len(s.URLs) > 0 {
			rest = append(rest, s)
		}
	}
	return rest
}
