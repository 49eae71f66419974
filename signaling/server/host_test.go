//go:build !js

package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// ask sends a request with this Host as it is, and gives the status.
func ask(t *testing.T, addr, host, path string, header ...string) (status int, body string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", path, host, strings.Join(append(header, ""), "\r\n"))
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode == http.StatusSwitchingProtocols {
		return r.StatusCode, ""
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, b.String()
}

var upgrade = []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol: " + protocol.Version}

// A page that has its own name lead to this machine gets nothing at all; the
// names of this machine, and those that the server was told, get everything.
func TestALoopbackAddressHasFewNames(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/index.html", []byte("page"), 0o644); err != nil {
		t.Fatal(err)
	}
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, listen := range []string{"127.0.0.1:0", ":0"} {
		var log book
		addr := serve(t, listen, server.Config{
			Addr: listen, Turn: "off", Web: dir, Public: "play.example.org", Autocert: []string{"a.example.org", "b.example.org"},
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		_, port, _ := net.SplitHostPort(addr)
		for _, host := range []string{
			"localhost", "LOCALHOST:" + port, "localhost.", "game.localhost:" + port, "127.0.0.1:" + port, "127.1.2.3", "[::1]:" + port, "[::1]",
			"play.example.org", "Play.Example.Org:443", "a.example.org", "b.example.org", machine, machine + ".local:" + port, "",
		} {
			for path, want := range map[string]string{"/": "page", "/healthz": "ok\n", "/readyz": "ok\n", "/metrics": "# HELP"} {
				if status, body := ask(t, addr, host, path); status != 200 || !strings.HasPrefix(body, want) {
					t.Errorf("on %s, host %q, %s: %d %q", listen, host, path, status, body)
				}
			}
			if status, body := ask(t, addr, host, "/pong", upgrade...); status != http.StatusSwitchingProtocols {
				t.Errorf("on %s, host %q, WebSocket: %d %q", listen, host, status, body)
			}
		}
		began, refused := time.Now(), 0
		for _, host := range []string{
			"evil.example", "evil.example:" + port, "EVIL.example.", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", "192.0.2.7",
			"[2001:db8::1]:" + port, "xplay.example.org", "play.example.org.evil.example", "c.example.org", "127.1", strings.Repeat("x", 4000) + ".example",
		} {
			for path, header := range map[string][]string{"/": nil, "/index.html": nil, "/healthz": nil, "/readyz": nil, "/metrics": nil, "/pong": upgrade} {
				refused++
				status, body := ask(t, addr, host, path, header...)
				if status != http.StatusMisdirectedRequest || !strings.HasPrefix(body, "The server does not know the host ") || !strings.Contains(body, "log") || strings.Contains(body, " -") || len(body) > 500 {
					t.Errorf("on %s, host %.50q, %s: %d %q", listen, host, path, status, body)
				}
			}
		}
		most := 1 + int(time.Since(began)/(10*time.Second))
		if n := strings.Count(log.String(), "refused at a loopback address"); n < 1 || n > most || !strings.Contains(log.String(), "-public evil.example lets") || !strings.Contains(log.String(), "-proxy ") {
			t.Errorf("%d lines of %d refusals are in the log:\n%s", n, refused, log.String())
		}
	}
}

// serve runs a server at this address, and gives the one by which this machine reaches it.
func serve(t *testing.T, listen string, cfg server.Config) string {
	t.Helper()
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	h := &httptest.Server{Listener: l, Config: &http.Server{Handler: s}}
	h.Start()
	t.Cleanup(func() { s.Close(); h.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return "127.0.0.1:" + port
}

// A proxy on this machine is believed about the name that it was asked by, if it
// says by whom. What a person opens in a browser on this machine does not say so.
func TestAProxyMayAskByAnyName(t *testing.T) {
	const by = "X-Forwarded-For: 192.0.2.9"
	for proxies, want := range map[string]int{"127.0.0.1/32": 200, "127.0.0.2/32": http.StatusMisdirectedRequest} {
		addr := strings.TrimPrefix(start(t, server.Config{Proxies: []netip.Prefix{netip.MustParsePrefix(proxies)}}), "ws://")
		if status, body := ask(t, addr, "game.example", "/healthz", by); status != want {
			t.Errorf("-proxy %s: %d %q", proxies, status, body)
		}
		if status, body := ask(t, addr, "game.example", "/healthz"); status != http.StatusMisdirectedRequest {
			t.Errorf("-proxy %s, of its own accord: %d %q", proxies, status, body)
		}
	}
}

// What comes in from elsewhere has whatever name players know the machine by; so
// has what is no connection of this server's own.
func TestOtherAddressesHaveAnyName(t *testing.T) {
	s, err := server.New(server.Config{Turn: "off"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		at   net.Addr
		want int
	}{
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, 200}, {&net.TCPAddr{IP: net.ParseIP("2001:db8::1")}, 200}, {nil, 200},
		{&net.TCPAddr{IP: net.IPv4(127, 9, 9, 9)}, 421}, {&net.TCPAddr{IP: net.IPv6loopback}, 421}, {&net.TCPAddr{IP: net.ParseIP("::ffff:127.0.0.1")}, 421},
	} {
		r := httptest.NewRequest("GET", "http://game.example/healthz", nil)
		if c.at != nil {
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, c.at))
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("at %v: %d %s", c.at, w.Code, w.Body)
		}
	}
}

// The name or address that a server was told to listen on is its own.
func TestTheListeningAddressIsAName(t *testing.T) {
	for addr, hosts := range map[string]string{"mybox.lan:80": "mybox.lan", ":80": "0.0.0.0 [::]:80", "0.0.0.0:80": "0.0.0.0:80"} {
		s, err := server.New(server.Config{Addr: addr, Turn: "off"})
		if err != nil {
			t.Fatal(err)
		}
		h := httptest.NewServer(s)
		for _, host := range strings.Fields(hosts) {
			if status, body := ask(t, h.Listener.Addr().String(), host, "/healthz"); status != 200 {
				t.Errorf("-addr %s, host %s: %d %q", addr, host, status, body)
			}
		}
		s.Close()
		h.Close()
	}
}
