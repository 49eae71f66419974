//go:build !js

package client_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab"
	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// A server that is not there costs nothing, and one that is mute a second and a
// half: then the next of the list is asked.
func TestTheNextServerIsAsked(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and never a word
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for name, first := range map[string]string{"mute": mute.Addr().String(), "gone": fmt.Sprint("127.0.0.1:", natlab.FreePorts(1)[0])} {
		t.Run(name, func(t *testing.T) {
			wake := make(chan struct{}, 1)
			c, err := client.Dial("ws://"+first+"/toy/ROOM", client.Options{Build: "1", Fallbacks: []string{start(t)}, Notify: func() {
				select {
				case wake <- struct{}{}:
				default:
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			began := time.Now()
			wait(t, wake, "a welcome", 9*time.Second, c.Up)
			t.Logf("welcomed after %v", time.Since(began))
		})
	}
}

// When the server of a room is lost, those who are in it meet again at the next
// one, with their numbers.
func TestARoomMovesToTheNextServer(t *testing.T) {
	s, err := server.New(server.Config{Turn: "off", Proofs: proofs})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	next := start(t)
	var conns [2]*client.Conn
	var wakes [2]chan struct{}
	welcome := func(i int) (w protocol.Message) {
		wait(t, wakes[i], "a welcome", 20*time.Second, func() bool {
			for m, ok := conns[i].Recv(); ok; m, ok = conns[i].Recv() {
				if m.Kind == protocol.Welcome {
					w = m
				}
			}
			return w.Kind != ""
		})
		return w
	}
	for i := range conns {
		wakes[i] = make(chan struct{}, 1)
		conns[i], err = client.Dial("ws"+strings.TrimPrefix(h.URL, "http")+"/toy/GATHERING", client.Options{Build: "1", Fallbacks: []string{next}, Notify: func() {
			select {
			case wakes[i] <- struct{}{}:
			default:
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer conns[i].Close()
		if w := welcome(i); w.Self != protocol.ID(i+1) {
			t.Errorf("%+v", w)
		}
	}
	began := time.Now()
	s.Close()
	h.Close()
	for i := range conns {
		if w := welcome(i); w.Self != protocol.ID(i+1) || w.Code != "GATHERING" {
			t.Errorf("%+v", w)
		}
	}
	t.Logf("both are back after %v", time.Since(began))
}

func TestABadServerIsNamedAtOnce(t *testing.T) {
	for _, s := range []string{"", "play.example.org", "ftp://play.example.org", "wss://"} {
		if c, err := client.Dial("wss://a.example/toy", client.Options{Fallbacks: []string{s}}); err == nil || !strings.Contains(err.Error(), "server \""+s+"\"") {
			c.Close()
			t.Errorf("%q: %v", s, err)
		}
	}
}

// A server that has forgotten a room is told what it was, by whoever comes back
// first: before anybody else can come in.
func TestAForgottenRoomIsWhatItWas(t *testing.T) {
	s, err := server.New(server.Config{Turn: "off", Proofs: proofs})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	next := start(t)
	var conns [2]*client.Conn
	wake := make(chan struct{}, 1)
	room := func(i int, ok func(*protocol.Room) bool) {
		t.Helper()
		wait(t, wake, "a room", 20*time.Second, func() bool {
			for m, got := conns[i].Recv(); got; m, got = conns[i].Recv() {
				if m.Room != nil && ok(m.Room) {
					return true
				}
			}
			return false
		})
	}
	for i, wish := range []*protocol.Room{{Late: true}, nil} {
		conns[i], err = client.Dial("ws"+strings.TrimPrefix(h.URL, "http")+"/toy/FORGOTTEN", client.Options{Fallbacks: []string{next}, Room: wish, Notify: func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer conns[i].Close()
		room(i, func(r *protocol.Room) bool { return r.Late })
	}
	if err := conns[0].Send(protocol.Message{Kind: protocol.SetRoom, Room: &protocol.Room{Locked: true, Data: []byte("map 7")}}); err != nil {
		t.Fatal(err)
	}
	room(1, func(r *protocol.Room) bool { return r.Locked })
	conns[0].Close()
	room(1, func(r *protocol.Room) bool { return r.Leader == 2 })
	s.Close()
	h.Close()
	room(1, func(r *protocol.Room) bool {
		if !r.Locked || r.Late || string(r.Data) != "map 7" {
			t.Errorf("%+v", r)
		}
		return true
	})
}
