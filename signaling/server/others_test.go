//go:build !js

package server_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/punchback/punchback/signaling/others"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// coturn runs the relay that most others have, and gives the URL of it.
func coturn(t *testing.T, flags ...string) string {
	t.Helper()
	if _, err := exec.LookPath("turnserver"); err != nil {
		t.Skip("turnserver is not installed")
	}
	dir := t.TempDir()
	_, port, _ := net.SplitHostPort(freeAddr(t))
	cmd := exec.Command("turnserver", append([]string{"-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", port,
		"--realm", "elsewhere", "--allow-loopback-peers", "--no-tls", "--no-dtls", "--no-cli", "--pidfile", dir + "/pid", "--userdb", dir + "/users", "--log-file", "stdout"}, flags...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	conn, err := net.Dial("udp4", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for begin := time.Now(); ; { // It has no other sign of being there.
		_, _ = conn.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
		_ = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := conn.Read(make([]byte, 1500)); err == nil {
			return "turn:127.0.0.1:" + port + "?transport=udp"
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatal("coturn does not answer")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

const shared = "a secret that both have"

// rest is what somebody else mints for a coturn.
func rest(ttl time.Duration) (user, credential string) {
	user = fmt.Sprint(time.Now().Add(ttl).Unix(), ":minted")
	mac := hmac.New(sha1.New, []byte(shared))
	mac.Write([]byte(user))
	return user, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// hold writes a secret to a file.
func hold(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "held")
	if err := os.WriteFile(name, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// parsed is a relay as a flag tells it.
func parsed(t *testing.T, text string) others.Relay {
	t.Helper()
	r, err := others.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A service that has no relay of its own has those of others: its players are let in
// there by a secret, by a password, by what a URL mints and by what a command prints.
func TestRelaysOfOthers(t *testing.T) {
	rests := coturn(t, "--use-auth-secret", "--static-auth-secret", shared)
	static := coturn(t, "--lt-cred-mech", "--user", "anybody:of ours")
	var asked string
	mint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = fmt.Sprint(r.Method, " ", r.Header.Get("Authorization"), " ", r.Header.Get("Content-Type"), " ", string(body))
		user, credential := rest(time.Hour)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"iceServers":[{"urls":["stun:127.0.0.1:9"]},{"urls":[%q,"turn:127.0.0.1:53"],"username":%q,"credential":%q}]}`, rests, user, credential)
	}))
	defer mint.Close()
	user, credential := rest(time.Hour)
	script := filepath.Join(t.TempDir(), "mint")
	if err := os.WriteFile(script, []byte(fmt.Sprintf("#!/bin/sh\n[ \"$1\" = here ] && echo '{\"ttl\":\"3600\",\"ice_servers\":[{\"url\":%q,\"urls\":%q,\"username\":%q,\"credential\":%q}]}'\n", rests, rests, user, credential)), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"secret":   rests + " secret=" + hold(t, shared),
		"password": static + " user=anybody password=" + hold(t, "of ours"),
		"URL":      "mint=" + mint.URL + " token=" + hold(t, "our token") + ` body={"ttl":3600}`,
		"command":  "run=" + script + " here",
	} {
		t.Run(name, func(t *testing.T) {
			url := start(t, server.Config{Others: []others.Relay{parsed(t, text)}})
			var relayed [2]net.PacketConn
			for i := range relayed {
				l, w := welcomed(t, url+"/toy/ROOM", "")
				defer l.CloseNow()
				for begin := time.Now(); len(w.Servers) == 0; { // They may not be minted yet, and are told of when they are.
					if time.Since(begin) > 20*time.Second {
						t.Fatal("it is told of no relay")
					}
					l.write(protocol.Message{Kind: protocol.Ping})
					if m := l.read(); len(m.Servers) > 0 {
						w = m
					}
					time.Sleep(20 * time.Millisecond) // or it would say too much
				}
				for _, s := range w.Servers {
					if strings.Contains(fmt.Sprint(s), "ROOM") || strings.Contains(fmt.Sprint(s.URLs), ":53") {
						t.Errorf("a player is told %+v", s)
					}
				}
				relayed[i] = allocate(t, w)
				defer relayed[i].Close()
			}
			if _, err := relayed[0].WriteTo([]byte("open"), relayed[1].LocalAddr()); err != nil {
				t.Fatal(err)
			}
			carries(t, relayed[1], relayed[0])
		})
	}
	if asked != `POST Bearer our token application/json {"ttl":3600}` {
		t.Errorf("asked was: %s", asked)
	}
}

// Credentials are minted anew before they are over, and players are told of them.
func TestCredentialsAreRenewed(t *testing.T) {
	at := coturn(t, "--use-auth-secret", "--static-auth-secret", shared)
	const ttl = 4 * time.Second
	mint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, credential := rest(ttl)
		fmt.Fprintf(w, `{"username":%q,"password":%q,"ttl":%d,"uris":[%q]}`, user, credential, ttl/time.Second, at)
	}))
	defer mint.Close()
	url := start(t, server.Config{Others: []others.Relay{parsed(t, "mint="+mint.URL)}})
	l, w := welcomed(t, url+"/toy/ROOM", "")
	told := w.Servers
	var first protocol.Server
	for begin := time.Now(); ; {
		if len(told) > 0 && first.Username == "" {
			first = told[0]
		}
		if len(told) > 0 && told[0].Username != first.Username {
			break
		}
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("told of %+v for ever", told)
		}
		l.write(protocol.Message{Kind: protocol.Ping})
		if m := l.read(); m.Kind == protocol.Update && len(m.Servers) > 0 {
			told = m.Servers
		}
		time.Sleep(20 * time.Millisecond)
	}
	conn, err := allocateBy(t, told[0])
	if err != nil {
		t.Fatalf("by the new ones: %v", err)
	}
	conn.Close()
	for begin := time.Now(); ; time.Sleep(100 * time.Millisecond) { // coturn counts in seconds
		conn, err := allocateBy(t, first)
		if err != nil {
			break
		}
		conn.Close()
		if time.Since(begin) > 30*time.Second {
			t.Fatal("the old ones are good for ever, so nothing is proved")
		}
	}
}

// Whoever mints may fail, hang, or answer junk: players are introduced as ever. It
// is asked again, less and less often; the log and the metrics say so, and no secret.
func TestWhoeverMintsHindersNobody(t *testing.T) {
	hanging, stop := context.WithCancel(context.Background())
	ways := map[string]http.HandlerFunc{
		"fails": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "the token is SECRETTOKEN", 500) },
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hanging.Done():
			case <-r.Context().Done():
			}
		},
		"junk": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>SECRETANSWER") },
		"nothing": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"iceServers":[{"urls":"turn:a.example","username":"SECRETANSWER"}]}`)
		},
		"kind": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"iceServers":7,"ttl":{"SECRETANSWER":1}}`)
		},
		"much": func(w http.ResponseWriter, _ *http.Request) {
			for range 1000 {
				if _, err := io.WriteString(w, strings.Repeat("SECRETANSWER ", 1000)); err != nil {
					return
				}
			}
		},
		"leads away": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/SECRETANSWER", 302)
		},
	}
	var log book
	token := hold(t, "SECRETTOKEN")
	cfg := server.Config{Turn: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Others: []others.Relay{{Run: []string{"/nonexistent/command"}}, {Run: []string{"sh", "-c", "echo SECRETANSWER >&2; exit 3"}}, {Run: []string{"sh", "-c", "yes SECRETANSWER"}}}}
	for _, h := range ways {
		mint := httptest.NewServer(h)
		defer mint.Close()
		cfg.Others = append(cfg.Others, parsed(t, "mint="+mint.URL+"/?key=SECRETKEY token="+token))
	}
	defer stop()
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := httptest.NewServer(s)
	defer h.Close()
	url := "ws" + strings.TrimPrefix(h.URL, "http")
	var ws [2]protocol.Message
	for i := range ws {
		var l *line
		l, ws[i] = welcomed(t, url+"/toy/ROOM", "")
		defer l.CloseNow()
		if len(ws[i].Servers) != 3 {
			t.Errorf("it is told of %+v, want our own relay", ws[i].Servers)
		}
	}
	allocate(t, ws[0]).Close()
	metrics := func() string {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = "127.0.0.1:9"
		s.ServeHTTP(w, r)
		return w.Body.String()
	}
	want := []string{"punchback_turn_servers 0", "punchback_turn_servers_configured 10", `punchback_turn_server_mints_total{result="ok"} 0`}
	for begin := time.Now(); strings.Count(log.String(), "no credentials") < 9; time.Sleep(10 * time.Millisecond) { // of ten that fail, one hangs
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("the log says\n%s", &log)
		}
	}
	said := metrics()
	for _, w := range want {
		if !strings.Contains(said, w) {
			t.Errorf("the metrics don't say %s", w)
		}
	}
	if strings.Contains(said, `mints_total{result="failed"} 0`) {
		t.Error("nothing has failed")
	}
	for _, text := range []string{said, log.String()} {
		for _, secret := range []string{"SECRETTOKEN", "SECRETANSWER", "SECRETKEY"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is told:\n%s", secret, text)
			}
		}
	}
	t.Log("\n" + log.String())
}
