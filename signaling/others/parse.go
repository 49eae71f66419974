package others

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// Parse reads a relay as a flag tells it: URLs, and words such as secret=FILE, with
// spaces between. What must not be seen in a list of processes is in files, or, as
// env:NAME, in variables.
//
//	turn:turn.example.org turns:turn.example.org secret=FILE [ttl=24h]
//	turn:turn.example.org user=NAME password=FILE
//	mint=https://… [token=FILE | user=NAME password=FILE] [body=TEXT] [ttl=1h]
//	run=COMMAND …
func Parse(text string) (r Relay, err error) {
	words := strings.Fields(text)
	for i, w := range words {
		key, value, ok := strings.Cut(w, "=")
		switch {
		case strings.HasPrefix(w, "stun") || strings.HasPrefix(w, "turn"):
			if err := checkURL(w); err != nil {
				return r, err
			}
			r.URLs = append(r.URLs, w)
			continue
		case !ok || value == "":
			return r, fmt.Errorf("%.80q: want turn:HOST:PORT, or a word such as secret=FILE", w)
		}
		switch key {
		case "secret":
			r.Secret, err = secret(value)
		case "password":
			r.Password, err = secret(value)
		case "token":
			r.Token, err = secret(value)
		case "user":
			r.User = value
		case "body":
			r.Body = value
		case "mint":
			if r.Mint = value; strings.HasPrefix(value, "env:") { // There may be a key in it.
				r.Mint, err = secret(value)
			}
		case "ttl":
			if r.TTL, err = time.ParseDuration(value); err != nil || r.TTL < time.Second || r.TTL > maxTTL {
				err = fmt.Errorf("ttl=%s: want a time such as 1h or 24h, up to 168h", value)
			}
		case "run":
			r.Run = append([]string{value}, words[i+1:]...)
			return r, r.check()
		default:
			err = fmt.Errorf("%.80q: want secret=, user=, password=, mint=, token=, body=, run= or ttl=", key)
		}
		if err != nil {
			return r, err
		}
	}
	return r, r.check()
}

// check refuses what goes together nowhere.
func (r *Relay) check() error {
	turn := false
	for _, u := range r.URLs {
		turn = turn || isTURN(u)
	}
	if len(r.URLs) > maxURLs {
		return fmt.Errorf("%d URLs, the limit is %d", len(r.URLs), maxURLs)
	}
	switch {
	case r.Mint != "" && len(r.Run) > 0, r.Secret != "" && (r.mints() || r.User != "" || r.Password != ""):
		return errors.New("want one of secret=, user= with password=, mint= and run=")
	case r.Mint == "" && (r.Token != "" || r.Body != ""):
		return errors.New("token= and body= go with mint=")
	case (r.User == "") != (r.Password == ""):
		return errors.New("user= and password= go together")
	case len(r.Run) > 0 && r.User != "":
		return errors.New("user= does not go with run=")
	case r.Token != "" && r.User != "":
		return errors.New("want one of token= and user=")
	case len(r.URLs) == 0 && !r.mints():
		return errors.New("want a URL such as turn:turn.example.org:3478, or mint= or run=")
	case turn && r.Secret == "" && r.User == "" && !r.mints():
		return errors.New("want secret=FILE, user=NAME password=FILE, mint=URL or run=COMMAND with a turn: URL")
	}
	return checkMint(r.Mint)
}

// checkMint lets secrets go over TLS alone, or not farther than this machine's network.
func checkMint(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("mint=: want a URL such as https://example.org/credentials, without user and password")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if near := err == nil && (ip.IsLoopback() || ip.IsPrivate()) || u.Hostname() == "localhost"; u.Scheme == "http" && !near {
		return errors.New("mint=: want https, or an address of this machine's network")
	}
	return nil
}

// secret is what a file holds, or a variable.
func secret(where string) (string, error) {
	var text string
	if name, ok := strings.CutPrefix(where, "env:"); ok {
		text = os.Getenv(name)
	} else {
		b, err := os.ReadFile(where)
		if err != nil {
			return "", err
		}
		text = string(b)
	}
	if text = strings.TrimSpace(text); text == "" || len(text) > maxSecret {
		return "", fmt.Errorf("%s holds no secret of 1 to %d bytes", where, maxSecret)
	}
	return text, nil
}
