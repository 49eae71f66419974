package rtc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode/rtc"
)

// linked waits until two rooms have a link, which the server is told of after.
func linked(t *testing.T, rooms ...*rtc.Room) {
	t.Helper()
	await(t, "links", func() bool {
		for _, r := range rooms {
			n := 0
			for m := range r.Members() {
				if !m.Self && m.Report.State.String() == "open" {
					n++
				}
			}
			if n != len(rooms)-1 {
				return false
			}
		}
		return true
	})
}

func wait(t *testing.T, r *rtc.Room) *rtc.Match {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	m, err := r.WaitMatch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The leader locks the room, kicks a member and says what is played.
func TestTheLeader(t *testing.T) {
	url, _ := serve(t)
	rooms := gather(t, url+"/toy?players=2-4&new", 1)
	for range 2 {
		rooms = append(rooms, gather(t, url+"/toy/"+rooms[0].Code(), 1)...)
	}
	lead := rooms[0]
	for i, r := range rooms {
		await(t, "three", func() bool { return len(slices.Collect(r.Members())) == 3 })
		if r.Leader() != 1 {
			t.Errorf("%d: leader %d", i, r.Leader())
		}
	}
	for what, err := range map[string]error{
		"lock": rooms[1].Lock(true), "kick": rooms[1].Kick(1), "data": rooms[2].SetRoomData(nil), "list": rooms[2].SetMetadata(nil, true),
	} {
		if !errors.Is(err, rtc.ErrNotLeader) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if lead.SetRoomData(make([]byte, 4097)) == nil || lead.Kick(1) == nil || lead.Kick(9) == nil || lead.SetMetadata(map[string]string{"No": ""}, true) == nil {
		t.Error("nonsense was taken")
	}
	for _, err := range []error{lead.SetRoomData([]byte("castle")), lead.Lock(true), lead.SetMetadata(map[string]string{"mode": "duel"}, false)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the room's data", func() bool {
		meta, _ := rooms[2].Metadata()
		return string(rooms[2].RoomData()) == "castle" && rooms[2].Locked() && meta["mode"] == "duel"
	})
	over(t, join(t, url+"/toy/"+lead.Code(), &rtc.Options{Build: "toy/1"}), rtc.CodeRoom, "locked")
	if err := lead.Kick(3); err != nil {
		t.Fatal(err)
	}
	over(t, rooms[2], rtc.CodeKicked, "put this member out")
	for _, r := range rooms[:2] {
		r.SetReady(true)
	}
	for _, r := range rooms[:2] {
		if c := wait(t, r).Config(); string(c.Setup) != "castle" || len(c.Seats) != 2 {
			t.Errorf("%+v", c)
		}
	}
}

// A server that has forgotten the room is told by the leader what it was.
func TestTheLeaderRemembers(t *testing.T) {
	url, stop := serve(t)
	rooms := gather(t, url+"/toy/OURS?players=3", 2)
	linked(t, rooms...)
	if err := rooms[0].SetRoomData([]byte("castle")); err != nil {
		t.Fatal(err)
	}
	await(t, "the data", func() bool { return string(rooms[1].RoomData()) == "castle" })
	stop()
	for _, r := range rooms {
		awaitText(t, r, "trying again")
	}
	serveAt(t, strings.TrimPrefix(url, "ws://"))
	for _, r := range rooms { // or who comes late makes another room of that name
		await(t, "the server", func() bool { return !strings.Contains(r.Status().Text, "trying again") })
	}
	late := join(t, url+"/toy/OURS?players=3", &rtc.Options{Build: "toy/1", Rate: rate})
	await(t, "what the room was", func() bool { return string(late.RoomData()) == "castle" })
	if late.Leader() == 0 {
		t.Error("nobody leads")
	}
}

// A friend who comes by the code while the server starts again meets whoever was
// there, whichever of them is first.
func TestAFriendComesByTheCodeOfAServerThatRestarts(t *testing.T) {
	url, stop := serve(t)
	ann := join(t, url+"/toy?new", &rtc.Options{Build: "toy/1", Rate: rate})
	await(t, "a welcome", func() bool { return ann.Code() != "" })
	stop()
	awaitText(t, ann, "trying again")
	bob := join(t, url+"/toy/"+ann.Code(), &rtc.Options{Build: "toy/1", Rate: rate})
	awaitText(t, bob, "trying again")
	serveAt(t, strings.TrimPrefix(url, "ws://"))
	for _, r := range []*rtc.Room{ann, bob} {
		if c := wait(t, r).Config(); len(c.Seats) != 2 || c.Seats[0] != 1 {
			t.Errorf("seats %v", c.Seats)
		}
	}
}

// Where the room allows it somebody comes in while others play, sees them, is
// linked and can talk, and plays the next match with them.
func TestWhoComesLate(t *testing.T) {
	url, _ := serve(t)
	rooms := []*rtc.Room{join(t, url+"/toy?players=2-3&new", &rtc.Options{Build: "toy/1", Rate: rate, Name: "Ann", Late: true, Public: true})}
	await(t, "a welcome", func() bool { return rooms[0].Code() != "" })
	link := url + "/toy/" + rooms[0].Code()
	rooms = append(rooms, join(t, link, &rtc.Options{Build: "toy/1", Rate: rate, Name: "Bob"}))
	linked(t, rooms...)
	for _, r := range rooms {
		if r.SetReady(true); !r.Late() {
			t.Error("nobody is let in late")
		}
	}
	first := []*rtc.Match{wait(t, rooms[0]), wait(t, rooms[1])}
	await(t, "a room in the list that plays", func() bool {
		found := list2(t, url)
		return len(found) == 1 && found[0].Playing && found[0].Members == 2
	})
	rooms = append(rooms, join(t, link, &rtc.Options{Build: "toy/1", Rate: rate, Name: "Eve"}))
	late := rooms[2]
	linked(t, rooms...)
	late.SetReady(true)
	awaitText(t, late, "waiting for Ann and Bob to end their match")
	for m := range late.Members() {
		if m.Plays == m.Self {
			t.Errorf("%+v", m)
		}
	}
	if m, err := late.Match(); m != nil || err != nil {
		t.Errorf("a match that it is not in: %v, %v", m, err)
	}
	if err := rooms[0].Say("nearly done"); err != nil {
		t.Error(err)
	}
	await(t, "a line", func() bool {
		for l := range late.Chat() {
			return l.Text == "nearly done"
		}
		return false
	})
	first[0].Close()
	awaitText(t, late, "waiting for Bob to end their match")
	first[1].Close()
	for _, r := range rooms {
		if c := wait(t, r).Config(); len(c.Seats) != 3 {
			t.Errorf("seats %v", c.Seats)
		}
	}
	if err := rooms[0].SetLate(false); err != nil {
		t.Fatal(err)
	}
	await(t, "a room that lets nobody in", func() bool { return !late.Late() })
	over(t, join(t, link, &rtc.Options{Build: "toy/1"}), rtc.CodeRoom, "in a match")
}

func TestList(t *testing.T) {
	url, stop := serve(t)
	open := func(mode string, skill int) *rtc.Room {
		r := join(t, url+"/toy?new", &rtc.Options{Build: "toy/1", Public: true, Metadata: map[string]string{"mode": mode, "skill": fmt.Sprint(skill)}})
		await(t, "a welcome", func() bool { return r.Code() != "" })
		return r
	}
	a, b, c := open("duel", 1200), open("duel", 900), open("team", 1000)
	list := func(q rtc.Query) (codes []string) {
		t.Helper()
		q.Build = "toy/1"
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		found, err := rtc.List(ctx, url+"/toy", q)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range found {
			codes = append(codes, l.Code)
			if l.Members != 1 || l.Min != 2 || l.Max != 2 || l.Metadata["skill"] == "" {
				t.Errorf("%+v", l)
			}
		}
		return codes
	}
	for _, q := range []struct {
		query rtc.Query
		want  []*rtc.Room
	}{
		{rtc.Query{}, []*rtc.Room{a, b, c}},
		{rtc.Query{Where: []rtc.Term{rtc.Is("mode", "duel")}, Sort: "skill"}, []*rtc.Room{b, a}},
		{rtc.Query{Where: []rtc.Term{rtc.AtLeast("skill", 950), rtc.AtMost("skill", 1100), rtc.Has("mode")}}, []*rtc.Room{c}},
		{rtc.Query{Sort: "-age", Limit: 1}, []*rtc.Room{c}},
	} {
		var want []string
		for _, r := range q.want {
			want = append(want, r.Code())
		}
		if got := list(q.query); !slices.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", q.query, got, want)
		}
	}
	if err := a.SetMetadata(nil, false); err != nil {
		t.Fatal(err)
	}
	await(t, "a room that is not listed any more", func() bool { return len(list2(t, url)) == 2 })
	if _, err := rtc.List(t.Context(), url+"/toy", rtc.Query{Limit: 101}); err == nil || !strings.HasPrefix(err.Error(), "rtc: ") {
		t.Error(err)
	}
	if _, err := rtc.Join(url+"/toy", &rtc.Options{Metadata: map[string]string{"": ""}}); err == nil {
		t.Error("no key was taken")
	}
	stop()
	if _, err := rtc.List(t.Context(), url+"/toy", rtc.Query{}); err == nil || !strings.Contains(err.Error(), "can't reach") {
		t.Error(err)
	}
}

func list2(t *testing.T, url string) []rtc.Listed {
	t.Helper()
	found, err := rtc.List(t.Context(), url+"/toy", rtc.Query{Build: "toy/1"})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What is said goes from machine to machine, and needs no server.
func TestChat(t *testing.T) {
	url, stop := serve(t)
	if join(t, "ws://127.0.0.1:1/toy", nil).Say("hello?") == nil {
		t.Error("something was said in no room")
	}
	first := join(t, url+"/toy?players=3", &rtc.Options{Build: "toy/1", Name: "Ann"})
	await(t, "a welcome", func() bool { return first.Code() != "" })
	second := join(t, url+"/toy?players=3", &rtc.Options{Build: "toy/1", Name: "Bob"})
	linked(t, first, second)
	stop()
	awaitText(t, first, "trying again")
	for _, text := range []string{"", strings.Repeat("x", rtc.MaxText+1), "\xff"} {
		if first.Say(text) == nil {
			t.Errorf("%q was said", text)
		}
	}
	for i := range 8 {
		if err := first.Say(fmt.Sprintf("line %d\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	var heard []string
	await(t, "eight lines", func() bool {
		for l := range second.Chat() {
			heard = append(heard, fmt.Sprintf("%d %s %d %q %t", l.Peer, l.Name, l.Number, l.Text, l.Self))
		}
		return len(heard) >= 8
	})
	for i, h := range heard {
		if want := fmt.Sprintf("1 Ann %d %q false", i+1, fmt.Sprintf("line %d", i)); h != want {
			t.Errorf("%s, want %s", h, want)
		}
	}
	if err := second.Say("bye"); err != nil {
		t.Fatal(err)
	}
	var last rtc.Line
	await(t, "an answer", func() bool {
		for l := range first.Chat() {
			last = l
		}
		return last.Peer == 2
	})
	if last.Text != "bye" || last.Number != 1 || last.Name != "Bob" {
		t.Errorf("%+v", last)
	}
	await(t, "the limit", func() bool { return errors.Is(first.Say("flood"), rtc.ErrTooMuch) })
}
