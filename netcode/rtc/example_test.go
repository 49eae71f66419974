package rtc_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
	"github.com/punchback/punchback/netcode/rtc"
	"github.com/punchback/punchback/signaling/server"
)

// Pong is the whole state of a game: a struct without pointers.
type Pong struct {
	Ball  [2]int32
	Speed [2]int32
	Bats  [2]int32
}

func NewPong(seed uint64) Pong {
	return Pong{Speed: [2]int32{3, int32(seed%5) - 2}}
}

// stepPong is one frame. It reads the state and the inputs, and nothing else.
func stepPong(p *Pong, in []netcode.Input) {
	for i := range p.Bats {
		p.Bats[i] += int32(in[i].Bits&1) - int32(in[i].Bits>>1&1)
	}
	p.Ball[0] += p.Speed[0]
	p.Ball[1] += p.Speed[1]
}

// app is a game in a framework that calls Update sixty times a second, such
// as Ebiten.
type app struct {
	room    *rtc.Room
	match   *rtc.Match
	session *netcode.Session
	pong    Pong
	status  string // to draw while there is no session
}

func (a *app) Update() error {
	if a.session == nil {
		match, err := a.room.Match() // nil, nil while people gather
		a.status = a.room.Status().Text
		if match == nil {
			return err
		}
		cfg := match.Config()
		a.match, a.pong = match, NewPong(cfg.Seed)
		a.session, err = netcode.NewSession(plain.New(&a.pong, stepPong), match, cfg)
		return err
	}
	if err := a.session.Advance(netcode.Input{Bits: pad()}); err != nil {
		a.status = err.Error() // The other has left: the room waits for a rematch, or for somebody else.
		a.match.Close()
		a.session = nil
	}
	return nil
}

func pad() uint64 { return 0 } // what the player holds

func Example() {
	room, err := rtc.Join("wss://play.example/pong?players=2", &rtc.Options{Build: "pong/1"})
	if err != nil {
		log.Fatal(err)
	}
	defer room.Close()
	a := &app{room: room}
	for { // The framework does this.
		if err := a.Update(); err != nil {
			log.Fatal(err)
		}
	}
}

// A loop of one's own, as with raylib or SDL, asks the match for the ticks:
// pictures come as fast as the screen wants them, frames of the game as fast
// as everybody's.
func ExampleMatch_Due() {
	ctx := context.Background()
	room, err := rtc.Join("wss://play.example/pong?players=2", &rtc.Options{Build: "pong/1"})
	if err != nil {
		log.Fatal(err)
	}
	defer room.Close()
	fmt.Println("send this to a friend:", room.Invite())
	for {
		match, err := room.WaitMatch(ctx)
		if err != nil {
			log.Fatal(err)
		}
		cfg := match.Config()
		pong := NewPong(cfg.Seed)
		session, err := netcode.NewSession(plain.New(&pong, stepPong), match, cfg)
		if err != nil {
			log.Fatal(err)
		}
		for err == nil {
			for range match.Due() {
				if err = session.Advance(netcode.Input{Bits: pad()}); err != nil {
					break
				}
			}
			draw(&pong)
		}
		fmt.Println(err)
		match.Close() // The next WaitMatch waits for the rematch.
	}
}

func draw(*Pong) {}

// A public room is found by anybody who asks for it. Its leader says what is
// played, and may lock it and put members out; what people say goes from machine to
// machine.
func ExampleList() {
	ctx := context.Background()
	rooms, err := rtc.List(ctx, "wss://play.example/pong", rtc.Query{
		Build: "pong/1",
		Where: []rtc.Term{rtc.Is("mode", "duel"), rtc.AtLeast("skill", 900)},
		Sort:  "-skill",
	})
	if err != nil {
		log.Fatal(err)
	}
	link := "wss://play.example/pong?players=2-4&new"
	if len(rooms) > 0 {
		link = "wss://play.example/pong/" + rooms[0].Code
	}
	room, err := rtc.Join(link, &rtc.Options{
		Build: "pong/1", Name: "Ann",
		Public: true, Metadata: map[string]string{"mode": "duel", "skill": "1200"}, // if this makes the room
	})
	if err != nil {
		log.Fatal(err)
	}
	defer room.Close()
	for room.Status().Phase < rtc.Playing { // The game's loop does this.
		for m := range room.Members() {
			if m.Self && m.Peer == room.Leader() && room.RoomData() == nil {
				_ = room.SetRoomData([]byte("castle")) // becomes netcode.Terms.Setup
				_ = room.Say("we play the castle")
			}
		}
		for line := range room.Chat() {
			fmt.Printf("%s: %s\n", line.Name, line.Text)
		}
	}
}

// What people say goes from machine to machine; here both are in this process, with a
// server of their own.
func ExampleRoom_Chat() {
	s, err := server.New(server.Config{Turn: "off"})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	h := httptest.NewServer(s)
	defer h.Close()
	var rooms []*rtc.Room
	for _, name := range []string{"Ann", "Ben"} {
		room, err := rtc.Join("ws"+strings.TrimPrefix(h.URL, "http")+"/pong/FOX", &rtc.Options{Build: "pong/1", Name: name, Identity: rtc.NoIdentity})
		if err != nil {
			log.Fatal(err)
		}
		defer room.Close()
		rooms = append(rooms, room)
	}
	for _, room := range rooms { // a match starts when all are linked
		if _, err := room.WaitMatch(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
	if err := rooms[0].Say("good luck"); err != nil {
		log.Fatal(err)
	}
	for { // The game's loop does this.
		for line := range rooms[1].Chat() {
			fmt.Printf("%s: %s\n", line.Name, line.Text)
			return
		}
		time.Sleep(time.Second / 60)
	}
	// Output: Ann: good luck
}
