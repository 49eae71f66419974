//go:build !cgo && !windows

package scene

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/punch"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// What a player reads of each member is true.
func TestHowItIsWithAMember(t *testing.T) {
	open, closed := punch.Report{State: punch.Open, Path: punch.Direct}, punch.Report{State: punch.Closed, Reason: "no answer"}
	self := rtc.Member{Peer: 1, Self: true, Report: open}
	type list []rtc.Member
	for _, c := range []struct {
		others  list
		want    string // of all, with this machine
		asks    bool   // in a room for 2 to 3
		trouble bool
		advice  string // what it says of two of two
	}{
		{list{}, "here", false, false, ""},
		{list{{Report: open}}, "here; linked, direct", true, false, ""},
		{list{{Report: open, Ready: true}}, "here; linked, wants to start", true, false, ""},
		{list{{Report: open, Ready: true}, {Report: open}}, "here; linked, direct; linked, direct", false, false, ""},
		{list{{Name: "Ann", Away: true, AwayFor: 12500 * time.Millisecond, Report: open}}, "here; away for 12 s", false, true, "waits for Ann."},
		{list{{Report: open}, {Away: true, AwayFor: 3 * time.Second}}, "here; linked, direct; away for 3 s", true, true, ""},
		{list{{Peer: 7, Unreachable: "no UDP", Report: closed}}, "here; can't be reached: no UDP", false, true, "waits for player 7."},
		{list{{Report: closed}, {}}, "here; no answer; punching through ...", false, false, ""},
		{list{{Banned: "it floods", Report: closed}, {Report: open}}, "here; banned; linked, direct", true, true, ""},
		{list{{Plays: true, Report: open}, {Report: open}}, "plays the next match; plays; plays the next match", false, false, ""},
		{list{{Plays: true, Away: true}, {Report: open}}, "here; away for 0 s; linked, direct", true, true, ""},
		{list{{Plays: true, Report: open}, {Plays: true, Unreachable: "no UDP"}}, "left out of this match; plays; plays, can't be reached from here", true, true, ""},
	} {
		g := gathering{members: append(list{self}, c.others...), least: 2, most: 3}
		g.count()
		var words []string
		for i := range g.members {
			words = append(words, g.words(&g.members[i]))
		}
		if got := strings.Join(words, "; "); got != c.want || g.asks() != c.asks || g.trouble != c.trouble {
			t.Errorf("%q, asks %t, trouble %t; want %q, %t, %t", got, g.asks(), g.trouble, c.want, c.asks, c.trouble)
		}
		g.most = 2
		if advice := g.advice(); (c.advice == "") != (advice == "") || !strings.Contains(advice, c.advice) {
			t.Errorf("%s: the advice is %q, want %q", c.want, advice, c.advice)
		}
	}
}

// In a match each card tells what is wrong with its player's machine.
func TestTroubleInAMatch(t *testing.T) {
	open := punch.Report{State: punch.Open}
	silent := punch.Report{State: punch.Open, Silent: 3200 * time.Millisecond}
	for _, c := range []struct {
		m    rtc.Member
		want string
	}{
		{rtc.Member{Self: true, Report: open}, ""},
		{rtc.Member{Report: open}, ""},
		{rtc.Member{Report: open, Away: true, AwayFor: 12 * time.Second}, "no server 12 s"},
		{rtc.Member{Report: silent}, "silent 3 s"},
		{rtc.Member{Report: silent, Away: true, AwayFor: 12 * time.Second}, "silent 3 s"},
		{rtc.Member{Away: true, AwayFor: 12 * time.Second}, "away 12 s"},
		{rtc.Member{}, "no link"},
	} {
		if got := trouble(&c.m); got != c.want {
			t.Errorf("%+v: %q, want %q", c.m, got, c.want)
		}
		if len(c.want)*7+14 > 118 {
			t.Errorf("%q is wider than a card of four", c.want)
		}
	}
}

// Of several who are not heard, one who is heard again does not speak for the others.
func TestSilence(t *testing.T) {
	var s silence
	said := func(want string) {
		t.Helper()
		if got := s.words(func(seat int) string { return []string{"Ann", "Bob", "Eve", "Tom"}[seat] }); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	said("")
	s.event(1, netcode.Quiet)
	for range 120 {
		s.tick()
	}
	s.event(3, netcode.Quiet)
	said("Nothing heard of Bob and Tom for 3 s ...")
	s.event(1, netcode.Back)
	said("Nothing heard of Tom for 1 s ...")
	s.event(3, netcode.Left)
	said("")
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "scene") // not the user's
	if err != nil {
		panic(err)
	}
	os.Setenv("XDG_CONFIG_HOME", dir)
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// hall is a server with little patience, and with a member in room R that is ready
// and answers no signal.
func hall(t *testing.T, players string) (url string, stop func()) {
	t.Helper()
	s, err := server.New(server.Config{Turn: "off", Limits: server.Limits{Patience: time.Second, Grace: 4 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	stop = func() {
		h.CloseClientConnections()
		s.Close()
		h.Close()
	}
	t.Cleanup(stop)
	url = "ws" + strings.TrimPrefix(h.URL, "http") + "/punchback/R?players=" + players
	mute, err := client.Dial(url, client.Options{Build: "1", Name: "Mute"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mute.Close() })
	await(t, "a member that answers nothing", mute.Up)
	if err := mute.Send(protocol.Message{Kind: protocol.State, Round: 1, Ready: true}); err != nil {
		t.Fatal(err)
	}
	return url, stop
}

// visitor is a machine in the lobby.
type visitor struct {
	t      *testing.T
	room   *rtc.Room
	choice choice
}

func visit(t *testing.T, url, name string) *visitor {
	t.Helper()
	room, err := rtc.Join(url, &rtc.Options{Build: "1", Name: name, Identity: rtc.NoIdentity})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = room.Close() })
	return &visitor{t: t, room: room}
}

// press is one tick of the lobby in which the player does something.
func (v *visitor) press(p press) {
	g := look(v.room)
	g.ask(v.room, &v.choice, &p)
}

// reads waits until the lobby says that of another.
func (v *visitor) reads(name, want string) {
	v.t.Helper()
	await(v.t, name+" "+want, func() bool {
		g := look(v.room)
		for i := range g.members {
			if m := &g.members[i]; m.Name == name && strings.HasPrefix(g.words(m), want) {
				return true
			}
		}
		return false
	})
}

// plays waits for a match, and returns how many play it.
func (v *visitor) plays() *rtc.Match {
	v.t.Helper()
	var match *rtc.Match
	await(v.t, "a match", func() bool {
		m, err := v.room.Match()
		if err != nil {
			v.t.Fatal(err)
		}
		match = m
		return m != nil
	})
	return match
}

// await polls, as a game would. It is only against hanging for ever.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// Two in a room for three, beside one that answers nothing: they are asked, and each
// choice does what it says.
func TestGoOnWithout(t *testing.T) {
	t.Parallel()
	url, stop := hall(t, "2-3")
	ann, bob := visit(t, url, "Ann"), visit(t, url, "Bob")
	enter, left := press{enter: true}, press{left: true}
	goOn, wait := press{click: true, x: choiceLeft + 1, y: choiceTop + 1}, press{click: true, x: choiceRight + 1, y: choiceTop + 1}
	for _, v := range []*visitor{ann, bob} {
		await(t, "a choice", func() bool { g := look(v.room); return g.asks() })
	}
	ann.press(enter)
	bob.press(left)
	first := ann.plays()
	if seats := first.Config().Seats; len(seats) != 2 || bob.plays().Config().Nonce != first.Config().Nonce {
		t.Fatalf("seats %v, want the same two", seats)
	}
	ann.reads("Mute", "punching through") // or why not
	for _, v := range []*visitor{ann, bob} {
		v.room.SetReady(false) // as newMatch does
		v.choice = choice{}
		_ = v.plays().Close()
	}
	ann.reads("Mute", "can't be reached: ")
	ann.press(goOn)
	bob.reads("Ann", "linked, wants to start")
	ann.press(wait)
	bob.reads("Ann", "linked, direct")
	bob.press(goOn)
	ann.reads("Bob", "linked, wants to start")
	// A match that started then is here before what Bob says next.
	if err := bob.room.SetData([]byte("next")); err != nil {
		t.Fatal(err)
	}
	await(t, "Bob's next word", func() bool {
		for m := range ann.room.Members() {
			if string(m.Data) == "next" {
				return true
			}
		}
		return false
	})
	if m, err := ann.room.Match(); m != nil || err != nil {
		t.Fatalf("Ann waits, and has the match %v, %v", m, err)
	}
	ann.press(goOn)
	if seats := ann.plays().Config().Seats; len(seats) != 2 {
		t.Errorf("seats %v, want two", seats)
	}
	bob.plays()
	await(t, "a match with the server", func() bool { return ann.room.Status().Phase == rtc.Playing })
	if cutOff(ann.room.Status()) {
		t.Errorf("the server is there, and the status is %+v", ann.room.Status())
	}
	stop()
	await(t, "a match without the server", func() bool { return cutOff(ann.room.Status()) })
}

// Where both are needed nobody is asked: the lobby says whom it waits for and what
// to do, and whoever comes after the grace time plays.
func TestAllAreNeeded(t *testing.T) {
	t.Parallel()
	url, _ := hall(t, "2")
	ann := visit(t, url, "Ann")
	ann.reads("Mute", "can't be reached: ")
	g := look(ann.room)
	if g.asks() || !strings.HasPrefix(g.advice(), "The room waits for Mute. After half a minute a newcomer") {
		t.Errorf("asks %t, the advice is %q", g.asks(), g.advice())
	}
	ann.press(press{enter: true})
	if ann.choice.on {
		t.Error("a choice that nobody sees was made")
	}
	var bob *visitor
	await(t, "the place", func() bool {
		bob = visit(t, url, "Bob")
		await(t, "an answer", func() bool { return bob.room.Code() != "" || bob.room.Status().Phase == rtc.Over })
		return bob.room.Code() != ""
	})
	if seats := ann.plays().Config().Seats; len(seats) != 2 || seats[0] == 1 {
		t.Errorf("seats %v, want Ann and Bob", seats)
	}
	bob.plays()
}

func TestRematch(t *testing.T) {
	open := punch.Report{State: punch.Open}
	me := rtc.Member{Name: "Me", Self: true}
	plays, left := rtc.Member{Name: "Ann", Plays: true, Report: open}, rtc.Member{Name: "Bo", Report: open}
	other := rtc.Member{Peer: 3, Report: open}
	for _, c := range []struct {
		members        []rtc.Member
		asked, answers string
		enough         bool
	}{
		{[]rtc.Member{me}, "", "Everybody wants one", false},
		{[]rtc.Member{me, plays}, "", "Ann, do you want a rematch?", true},
		{[]rtc.Member{me, plays, left}, "Bo wants a rematch", "Ann, do you want a rematch?", true},
		{[]rtc.Member{me, left, other}, "Bo and player 3 want a rematch", "Everybody wants one", true},
		{[]rtc.Member{me, {Name: "Cy", Away: true}}, "", "Everybody wants one", true},
	} {
		g := gathering{members: c.members, least: 2, most: 4}
		if asked, answers := g.asked(), g.answers(); asked != c.asked || answers != c.answers || g.enough() != c.enough {
			t.Errorf("%+v: %q, %q, %t", c.members, asked, answers, g.enough())
		}
	}
}
