package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// Help tells of every flag once, and every flag can come from the environment.
func TestEveryFlagIsToldOfAndHasAVariable(t *testing.T) {
	var out strings.Builder
	if _, err := parse([]string{"-h"}, nil, &out, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	var told []string
	for _, line := range strings.Split(out.String(), "\n") {
		if name, ok := strings.CutPrefix(line, "  -"); ok {
			told = append(told, strings.Fields(name)[0])
		}
		if len(line) > 110 {
			t.Errorf("%d letters in a line: %s", len(line), line)
		}
	}
	good := map[string]string{
		"addr": ":1", "public": "a.example", "turn": "off", "stun2": "192.0.2.7", "web": ".", "autocert": "a.example, b.example", "autocert-dir": ".",
		"autocert-from": "https://ca.example/dir", "cert": "c", "key": "k", "origin": "itch,*.example.org", "proxy": "127.0.0.1,10.0.0.0/8", "sockets": "1",
		"address-sockets": "1", "rooms": "1", "rate": "1", "relay-ports": "5000-5001", "relay-total": "5", "relay-private": "true", "relay-bytes": "6",
		"turn-server": "stun:a.example; stun:b.example", "relay-packets": "7", "relay-address-bytes": "8", "relay-address-packets": "9", "nats": "nats://a:1",
		"proofs": "p", "drain": "0s", "log": "json", "v": "true",
	}
	for name, value := range good {
		variable := prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "=" + value
		var warned strings.Builder
		cfg, err := parse(nil, []string{variable}, io.Discard, &warned)
		if err != nil || warned.String() != "" {
			t.Errorf("%s: %v, %q", variable, err, &warned)
		}
		switch {
		case !slices.Contains(told, name):
			t.Errorf("-h does not tell of -%s", name)
		case name == "addr" && cfg.Addr != ":1", name == "autocert" && len(cfg.Autocert) != 2, name == "proxy" && len(cfg.Proxies) != 2,
			name == "rate" && cfg.Limits.Rate != 1, name == "relay-ports" && cfg.RelayPorts.High != 5001, name == "drain" && cfg.Drain != 0,
			name == "turn-server" && len(cfg.Others) != 2, name == "relay-bytes" && cfg.RelayLimits.AllBytes != 6, name == "relay-packets" && cfg.RelayLimits.AllPackets != 7,
			name == "relay-address-bytes" && cfg.RelayLimits.AddressBytes != 8, name == "relay-address-packets" && cfg.RelayLimits.AddressPackets != 9,
			name == "nats" && cfg.nats == "", name == "proofs" && cfg.proofs != "p":
			t.Errorf("%s sets nothing: %+v", variable, cfg)
		}
	}
	if len(told) != len(good)+1 { // -version has none.
		t.Errorf("-h tells of %d flags, %d are known: %s", len(told), len(good), told)
	}
	cfg, err := parse([]string{"-drain", "1s"}, []string{"PUNCHBACK_DRAIN=2s", "PUNCHBACK_ROOMS=7"}, io.Discard, io.Discard)
	if err != nil || cfg.Drain != time.Second || cfg.Limits.Rooms != 7 || cfg.Limits.Sockets != 10_000 {
		t.Errorf("the flag does not count more: %v, %+v", err, cfg)
	}
}

// A flag counts more than the variable, also where it is said again for each.
func TestRelaysOfOthersByFlag(t *testing.T) {
	cfg, err := parse([]string{"-turn-server", "stun:c.example", "-turn-server", "stun:d.example"}, []string{"PUNCHBACK_TURN_SERVER=stun:a.example;stun:b.example"}, io.Discard, io.Discard)
	if err != nil || len(cfg.Others) != 2 || cfg.Others[0].URLs[0] != "stun:c.example" || cfg.Others[1].URLs[0] != "stun:d.example" {
		t.Errorf("%v, %+v", err, cfg.Others)
	}
}

// What can't be is told in one line, with the flag, the value, and what it may be;
// a variable that sets nothing is pointed out.
func TestWrongFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-sockets -1":                "1 to 1000000",
		"-sockets 10k":               "1 to 1000000",
		"-rate 0":                    "1 to 1000000",
		"-relay-total 0":             "from 1",
		"-drain 5":                   "30s",
		"-drain -5s":                 "30s",
		"-stun2 here":                "an IP address",
		"-relay-ports 9-3":           "61000-65535",
		"-relay-ports 61000-61999x":  "61000-65535",
		"-relay-ports 60000-70000":   "61000-65535",
		"-proxy 127.0.0.1,localhost": "127.0.0.1,::1",
		"-log xml":                   "text, json or off",
		"-nosuch":                    "-h",
	} {
		words := strings.Fields(args)
		for _, how := range []string{"flag", "variable"} {
			given, environ := words, []string(nil)
			if how == "variable" {
				if len(words) < 2 || words[0] == "-log" {
					continue
				}
				given, environ = nil, []string{prefix + strings.ToUpper(strings.ReplaceAll(words[0][1:], "-", "_")) + "=" + words[1]}
			}
			_, err := parse(given, environ, io.Discard, io.Discard)
			if err == nil {
				t.Errorf("%s as a %s is taken", args, how)
				continue
			}
			text := err.Error()
			name := words[0]
			if how == "variable" {
				name, _, _ = strings.Cut(environ[0], "=")
			}
			if strings.Contains(text, "\n") || !strings.Contains(text, name) || !strings.Contains(text, want) || !strings.Contains(text, words[len(words)-1]) {
				t.Errorf("%s as a %s: %q", args, how, text)
			}
		}
	}
	var warned strings.Builder
	if _, err := parse(nil, []string{"PUNCHBACK_ORIGINS=itch", "HOME=/", "PUNCHBACK_VERSION=1.2"}, io.Discard, &warned); err != nil || !strings.Contains(warned.String(), "PUNCHBACK_ORIGINS") || !strings.Contains(warned.String(), "PUNCHBACK_VERSION") || strings.Contains(warned.String(), "HOME") {
		t.Errorf("%v, %q", err, &warned)
	}
}

// What others wrote is in a log as a terminal can show it, in each format.
func TestLogsAreShownSafely(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		l, err := logger(format, true, &b)
		if err != nil {
			t.Fatal(err)
		}
		evil := "\x1b]0;owned\x07\u009b2J\u202e"
		l.Warn(evil, "who", evil, "why", errors.New(evil), slog.Group("in", "a", evil))
		if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 || !strings.Contains(b.String(), "owned") {
			t.Errorf("%s: %q", format, b.String())
		}
	}
}
