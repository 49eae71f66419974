//go:build !js

package server

import (
	"testing"
)

func TestOrigins(t *testing.T) {
	for _, c := range []struct {
		list, origin, host string
		want               bool
	}{
		{"", "", "a.example", true}, // no page
		{"", "https://a.example", "a.example", true},
		{"", "https://b.example", "a.example", false},
		{"", "http://localhost:8080", "127.0.0.1:8080", true},
		{"", "http://[::1]:8080", "localhost:8080", true},
		{"", "http://localhost:9090", "127.0.0.1:8080", false},
		{"", "http://localhost:8080", "192.168.1.2:8080", false},
		{"", "http://localhost.evil.example", "127.0.0.1", false},
		{"", "null", "a.example", false},
		{"*", "null", "a.example", true},
		{"*", "https://b.example", "a.example", true},
		{"https://b.example", "https://b.example", "a.example", true},
		{"https://b.example", "http://b.example", "a.example", false},
		{"https://b.example", "https://b.example.evil", "a.example", false},
		{"b.example", "http://b.example:81", "a.example", true},
		{"b.example:80", "http://b.example:81", "a.example", false},
		{"*.b.example", "https://x.b.example", "a.example", true},
		{"*.b.example", "https://b.example", "a.example", false},
		{"*.b.example", "https://xb.example", "a.example", false},
		{"itch", "https://html-classic.itch.zone", "a.example", true},
		{"itch", "https://me.itch.io", "a.example", true},
		{"itch", "https://itch.io.evil.example", "a.example", false},
		{"x.example, itch", "https://itch.io", "a.example", true},
	} {
		o, err := parseOrigins([]string{c.list})
		if err != nil {
			t.Fatal(err)
		}
		if got := o.allow(c.origin, c.host); got != c.want {
			t.Errorf("-origin %q: %q at %q: %v", c.list, c.origin, c.host, got)
		}
	}
	for _, bad := range []string{"https://", "https://a/b", "a*b", "user@host"} {
		if o, err := parseOrigins([]string{bad}); err == nil {
			t.Errorf("%q is taken as %q", bad, o)
		}
	}
}
