//go:build !js

package server_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// Whoever guesses a code learns nothing from the answer: it is the same in words,
// and as quick, whether there is no such room, or one that is full, locked or of
// another build.
func TestAWrongGuessTellsNothing(t *testing.T) {
	url := start(t, server.Config{Turn: "off", Limits: server.Limits{Settle: -1}})
	full := enter(t, url+"/toy?new", "1").code
	enter(t, url+"/toy/"+full, "1")
	leader := enter(t, url+"/toy?new", "1")
	leader.say(protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Locked: true}})
	leader.await(protocol.Update)
	locked, other, none := leader.code, enter(t, url+"/toy?new", "2").code, "BBBBB"
	for slices.Contains([]string{full, locked, other}, none) {
		none = "CCCCC"
	}
	codes := []string{none, full, locked, other}

	var said [4]string
	ask := func(i int) time.Duration {
		l := raw(t, url+"/toy/"+codes[i], nil, protocol.Version)
		defer l.CloseNow()
		begin := time.Now()
		l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
		m := l.read()
		took := time.Since(begin)
		said[i] = m.Code + ": " + strings.ReplaceAll(m.Text, codes[i], "CODE")
		return took
	}
	// A machine has hiccups: what counts is the middle one of many, asked in turns,
	// and one of a few rounds in which it is the same.
	for round := range 5 {
		var took [4][]time.Duration
		for range 150 {
			for _, i := range rand.Perm(len(codes)) {
				took[i] = append(took[i], ask(i))
			}
		}
		var middle []time.Duration
		for i := range took {
			slices.Sort(took[i])
			middle = append(middle, took[i][len(took[i])/2])
		}
		t.Logf("none, full, locked, another build: %v", middle)
		if least, most := slices.Min(middle), slices.Max(middle); most-least < least/4 {
			break
		} else if round == 4 {
			t.Errorf("the answer comes after %v to %v", least, most)
		}
	}
	for _, s := range said {
		if s != said[0] || !strings.HasPrefix(s, protocol.CodeRoom+": ") {
			t.Errorf("the answers are %q", said)
		}
	}
}

// Whoever has guessed at one server waits at all of them.
func TestGuessesCountAtAllServers(t *testing.T) {
	c := &three{t: t, turn: "off", proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	c.begin()
	first := enter(t, c.urls[0]+"/pong/A?players=2-4", "1") // So the first server is the owner.
	others := []*player{enter(t, c.urls[1]+"/pong/A", "1"), enter(t, c.urls[2]+"/pong/A", "1")}
	ask := func(i int, from string) string {
		l := raw(t, c.urls[i]+"/toy/BCDFG", http.Header{"X-Forwarded-For": {from}}, protocol.Version)
		defer l.CloseNow()
		l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
		return l.read().Code
	}
	for i := range 10 {
		if code := ask(0, "203.0.113.5"); code != protocol.CodeRoom {
			t.Fatalf("guess %d: %q", i, code)
		}
	}
	for i, p := range others { // What a server says to another arrives in order, so the guesses have.
		first.say(protocol.Message{Kind: protocol.Signal, To: p.self})
		p.await(protocol.Signal)
		if code := ask(i+1, "203.0.113.5"); code != protocol.CodeRate {
			t.Errorf("server %d says %q to who has guessed at the first", i+1, code)
		}
	}
	for i := range 3 {
		if code := ask(i, "203.0.113.6"); code != protocol.CodeRoom {
			t.Errorf("server %d says %q to another address", i, code)
		}
	}
}

// Networks of one /48 guess as little as four addresses do; and when too much is
// guessed from everywhere, whoever has a code comes in by it all the same, once with a
// slip, and whoever has none is not told of the right one.
func TestGuessesFromManyNetworks(t *testing.T) {
	h := served(t, server.Config{Turn: "off", Limits: server.Limits{Settle: -1}, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	url := "ws" + strings.TrimPrefix(h, "http")
	host := enter(t, url+"/toy?new", "1")
	ask := func(code, from string) string {
		l := raw(t, url+"/toy/"+code, http.Header{"X-Forwarded-For": {from}}, protocol.Version)
		defer l.CloseNow()
		l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
		m := l.read()
		if m.Kind == protocol.Welcome {
			l.write(protocol.Message{Kind: protocol.Leave})
			host.await(protocol.Left)
			return "in"
		}
		return m.Code
	}
	wrong := "BBBBB"
	if host.code == wrong {
		wrong = "CCCCC"
	}
	begin := time.Now()
	looked := 0
	for i := range 200 {
		if ask(wrong, fmt.Sprintf("2001:db8:0:%x::1", i<<8)) == protocol.CodeRoom {
			looked++
		}
	}
	if most := 40 + 1 + int(time.Since(begin)/(1500*time.Millisecond)); looked < 40 || looked > most {
		t.Errorf("%d of 200 guesses were looked at, want 40 to %d", looked, most)
	}
	if got := ask(host.code, "2001:db8:0:ffff::1"); got != protocol.CodeRate {
		t.Errorf("a right code of that network: %q", got)
	}
	if got := ask(host.code, "2001:db8:1::1"); got != "in" {
		t.Errorf("a right code of another network: %q", got)
	}
	brake := func() bool {
		r, err := http.Get(h + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, _ := io.ReadAll(r.Body)
		return strings.Contains(string(text), "punchback_brake 1\n")
	}
	for i := 0; !brake(); i++ {
		if i > 100_000 {
			t.Fatal("nothing brakes")
		}
		for n := range 50 {
			ask(wrong, fmt.Sprintf("%d.%d.%d.1", 64+i>>8, i&255, n))
		}
	}
	for i, want := range []string{"in", "in", protocol.CodeRoom, "in", protocol.CodeRoom, protocol.CodeRoom, protocol.CodeRate} {
		code := wrong
		if want == "in" {
			code = host.code
		}
		if i == 6 {
			code = host.code
		}
		if got := ask(code, "198.51.100.1"); got != want {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
	}
}

// served runs a server for one test and gives its http:// URL.
func served(t *testing.T, cfg server.Config) string {
	return "http" + strings.TrimPrefix(start(t, cfg), "ws")
}
