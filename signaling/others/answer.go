package others

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

const (
	maxURLs   = 16
	maxURL    = 256
	maxSecret = 1 << 10
)

// answer is what was minted.
type answer struct {
	servers []protocol.Server
	ttl     time.Duration
}

// minted is what those who mint answer: {"iceServers": …} as Cloudflare, whose … may
// also be a single server, {"ice_servers": […], "ttl": "86400"} as Twilio, the array
// alone as others, or {"username", "password", "ttl", "uris"} as
// draft-uberti-behave-turn-rest has it.
type minted struct {
	Cloudflare list            `json:"iceServers"`
	Twilio     list            `json:"ice_servers"`
	URIs       words           `json:"uris"`
	Username   string          `json:"username"`
	Password   string          `json:"password"`
	Credential string          `json:"credential"`
	TTL        json.RawMessage `json:"ttl"`
}

// server is an RTCIceServer, by its old names, too.
type server struct {
	URLs       words  `json:"urls"`
	URL        string `json:"url"`
	Username   string `json:"username"`
	Credential string `json:"credential"`
}

// list is servers, or one.
type list []server

func (l *list) UnmarshalJSON(b []byte) error { return several((*[]server)(l), b) }

// words are strings, or one.
type words []string

func (w *words) UnmarshalJSON(b []byte) error { return several((*[]string)(w), b) }

func several[T any](to *[]T, b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, to)
	}
	*to = make([]T, 1)
	return json.Unmarshal(b, &(*to)[0])
}

var errJunk = errors.New("an answer that tells no relay and credentials for it")

// understand reads an answer. What players could not use is left out; one such URL
// would keep a browser from making any link.
func (k *kept) understand(b []byte) (a answer, err error) {
	var m minted
	if text := strings.TrimSpace(string(b)); strings.HasPrefix(text, "[") {
		err = json.Unmarshal(b, &m.Twilio)
	} else {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return a, errors.New("an answer that is no JSON of the kind")
	}
	all := append(m.Cloudflare, m.Twilio...)
	if len(all) == 0 {
		all = list{{URLs: m.URIs, Username: m.Username, Credential: m.Password + m.Credential}}
	}
	if len(k.URLs) > 0 { // These are asked for, whatever the answer names.
		user, credential := "", ""
		for _, s := range all {
			if s.Credential != "" {
				user, credential = s.Username, s.Credential
			}
		}
		all = list{{URLs: k.URLs, Username: user, Credential: credential}}
	}
	relays, urls := 0, 0
	for _, s := range all {
		if len(s.Username) > maxSecret || len(s.Credential) > maxSecret {
			return a, fmt.Errorf("credentials of more than %d bytes", maxSecret)
		}
		var good []string
		for _, u := range append(s.URLs, s.URL) {
			turn := isTURN(u)
			if checkURL(u) == nil && !blocked(u) && urls < maxURLs && (!turn || s.Username != "" && s.Credential != "") {
				good = append(good, u)
				urls++
				if turn {
					relays++
				}
			}
		}
		a.servers = append(a.servers, with(good, s.Username, s.Credential)...)
	}
	if relays == 0 {
		return a, errJunk
	}
	a.ttl, err = k.life(m.TTL)
	return a, err
}

// life is how long credentials are good, by the answer, a number or a string of one.
func (k *kept) life(said json.RawMessage) (time.Duration, error) {
	ttl := k.TTL
	if ttl == 0 {
		ttl = defaultTTL
	}
	if text := strings.Trim(string(said), `"`); text != "" && text != "null" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n <= 0 {
			return 0, errors.New("a ttl that is no number of seconds")
		}
		ttl = time.Duration(min(n, int64(maxTTL/time.Second))) * time.Second
	}
	return ttl, nil
}

func isTURN(u string) bool { return strings.HasPrefix(u, "turn:") || strings.HasPrefix(u, "turns:") }

// blocked tells the port that no browser goes to (fetch's bad ports), for which it
// would wait in vain; Cloudflare names it beside others.
func blocked(u string) bool {
	_, port, _ := hostPort(u)
	return port == "53"
}

// checkURL refuses what is no stun: or turn: URL (RFC 7064 and 7065): a link would
// not be made with it.
func checkURL(u string) error {
	wrong := fmt.Errorf("%.80q is no URL such as turn:turn.example.org:3478?transport=udp", u)
	scheme, rest, _ := strings.Cut(u, ":")
	if len(u) > maxURL || scheme != "stun" && scheme != "stuns" && scheme != "turn" && scheme != "turns" {
		return wrong
	}
	_, query, asks := strings.Cut(rest, "?")
	if asks && (!isTURN(u) || query != "transport=udp" && query != "transport=tcp") {
		return wrong
	}
	host, port, err := hostPort(u)
	if err != nil || host == "" || strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-._:") != "" {
		return wrong
	}
	if n, err := strconv.Atoi(port); port != "" && (err != nil || n < 1 || n > 65535) {
		return wrong
	}
	return nil
}

func hostPort(u string) (host, port string, err error) {
	_, rest, _ := strings.Cut(u, ":")
	rest, _, _ = strings.Cut(rest, "?")
	if !strings.Contains(strings.TrimPrefix(rest, "["), ":") || strings.HasSuffix(rest, "]") {
		host = strings.Trim(rest, "[]")
		if ip, err := netip.ParseAddr(host); strings.Contains(rest, "[") && (err != nil || !ip.Is6()) {
			return "", "", errors.New("no address")
		}
		return host, "", nil
	}
	return net.SplitHostPort(rest)
}

// hostOf is the host of any URL, which is all that may be said of one.
func hostOf(u string) string {
	if parsed, err := url.Parse(u); err == nil && parsed.Host != "" {
		return parsed.Hostname()
	}
	host, _, _ := hostPort(u)
	return host
}
