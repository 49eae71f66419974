//go:build !js

package server_test

import (
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

// Who has guessed at one server waits at all of them.
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
