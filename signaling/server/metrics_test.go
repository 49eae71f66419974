//go:build !js

package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/punchback/punchback/signaling/others"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// What happens shows in the metrics, which name nobody, and which nobody from
// elsewhere is told.
func TestMetrics(t *testing.T) {
	s, err := server.New(server.Config{Turn: "127.0.0.1:0", Others: []others.Relay{{URLs: []string{"stun:a.example"}}}, Limits: server.Limits{Hello: 200 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := httptest.NewServer(s)
	defer h.Close()
	url := "ws" + strings.TrimPrefix(h.URL, "http")
	a, b := enter(t, url+"/toy/SECRETROOM", "1"), enter(t, url+"/toy/SECRETROOM", "1")
	a.say(protocol.Message{Kind: protocol.State, Round: 1, Linked: []protocol.ID{2}, Direct: []protocol.ID{2}}) // the elder's word counts no second time
	b.say(protocol.Message{Kind: protocol.State, Round: 1, Linked: []protocol.ID{1}, Relayed: []protocol.ID{1}, Failed: 2})
	a.await(protocol.Start)
	b.await(protocol.Start)
	b.say(protocol.Message{Kind: protocol.State, Round: 1, Linked: []protocol.ID{1}, Direct: []protocol.ID{1}, Failed: 2})
	old := raw(t, url+"/toy/SECRETROOM", nil, "punchback.v0")
	if m := old.read(); m.Code != protocol.CodeVersion {
		t.Errorf("%+v", m)
	}
	old.CloseNow()
	mute := raw(t, url+"/toy", nil, protocol.Version)
	defer mute.CloseNow()
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	read := func() string {
		r, err := web.Get(h.URL + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, _ := io.ReadAll(r.Body)
		return string(body)
	}
	want := []string{
		"punchback_members 2", "punchback_rooms 1", "punchback_joins_total 2", "punchback_matches_total 2",
		`punchback_links_total{path="relay"} 1`, `punchback_links_total{path="direct"} 0`, "punchback_link_upgrades_total 1", "punchback_link_failures_total 2",
		`punchback_refusals_total{code="version"} 1`, `punchback_refusals_total{code="full"} 0`, `punchback_drops_total{cause="hello"} 1`,
		"punchback_turn_servers 1", "punchback_turn_servers_configured 1", `punchback_turn_server_mints_total{result="failed"} 0`,
		"punchback_brake 0", "punchback_wrong_codes_total 0", "punchback_braked_codes_total 0", "punchback_networks 0", "punchback_kept_bytes ", "punchback_unsent_bytes ",
		`punchback_forgotten_total{what="room"} 0`, `punchback_forgotten_total{what="messages"} 0`, `punchback_forgotten_total{what="away"} 0`, `punchback_forgotten_total{what="member"} 0`,
		`punchback_drops_total{cause="crowd"} 0`, "punchback_waiting_connections ",
		"punchback_relay_addresses 0", "punchback_relay_bytes_total 0",
		`punchback_relay_refusals_total{cause="quota"} 0`, `punchback_relay_refusals_total{cause="addresses"} 0`, `punchback_relay_refusals_total{cause="full"} 0`,
		`punchback_relay_refusals_total{cause="peers"} 0`, `punchback_relay_refusals_total{cause="connections"} 0`,
		`punchback_relay_refusals_total{cause="network_addresses"} 0`, `punchback_relay_refusals_total{cause="network_connections"} 0`, "punchback_relay_addresses_limit 4536",
		`punchback_relay_dropped_packets_total{cause="packets"} 0`, `punchback_relay_dropped_packets_total{cause="network_rate"} 0`, `punchback_relay_dropped_packets_total{cause="network_packets"} 0`,
		`punchback_relay_dropped_packets_total{cause="all_rate"} 0`, `punchback_relay_dropped_packets_total{cause="all_packets"} 0`,
		`punchback_relay_dropped_packets_total{cause="rate"} 0`, `punchback_relay_dropped_packets_total{cause="forbidden"} 0`, `punchback_relay_dropped_packets_total{cause="requests"} 0`, "process_resident_memory_bytes", "go_goroutines",
	}
	var said string
	missing := func() (rest []string) {
		said = read()
		for _, w := range want {
			if !strings.Contains(said, w) {
				rest = append(rest, w)
			}
		}
		return rest
	}
	for begin := time.Now(); len(missing()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("missing: %q in\n%s", missing(), said)
		}
	}
	problems, err := promlint.New(strings.NewReader(said)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("against the conventions of Prometheus: %v, %v", err, problems)
	}
	for _, page := range []string{"../deploy/README.md", "../deploy/alerts.yml"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, help := range regexp.MustCompile("(?m)^# HELP (punchback_[a-z_]+)").FindAllStringSubmatch(said, -1) {
			if strings.HasSuffix(page, ".md") && !regexp.MustCompile("`"+help[1]+"[`{]").Match(text) {
				t.Errorf("%s does not tell of %s", page, help[1])
			}
		}
		for _, name := range regexp.MustCompile("punchback_[a-z_]+").FindAllString(string(text), -1) {
			if of := strings.TrimPrefix(name, "punchback_"); !strings.HasPrefix(of, "slot") && !strings.HasPrefix(of, "cluster") && !strings.Contains(said, "\n"+name) { // Those are of a cluster.
				t.Errorf("%s tells of %s, which is no metric", page, name)
			}
		}
	}
	if strings.Contains(said, "SECRET") {
		t.Error("a room is named")
	}
	for what, change := range map[string]func(r *http.Request){
		"a stranger":            func(*http.Request) {}, // 192.0.2.1
		"a stranger by nginx":   func(r *http.Request) { r.RemoteAddr = "127.0.0.1:5000"; r.Header.Set("X-Real-IP", "203.0.113.5") },
		"a stranger by a proxy": func(r *http.Request) { r.RemoteAddr = "127.0.0.1:5000"; r.Header.Set("X-Forwarded-For", "203.0.113.5") },
	} {
		r, w := httptest.NewRequest("GET", "/metrics", nil), httptest.NewRecorder()
		change(r)
		s.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s is told: %d", what, w.Code)
		}
	}
}
