//go:build worlds && linux

package main_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/punchback/punchback/demo/game"
	"github.com/punchback/punchback/nat/natlab"
	"github.com/punchback/punchback/nat/natlab/browsers"
	"github.com/punchback/punchback/signaling/protocol"
)

// Rooms that heal: one machine is cut off, asleep, killed or silent, or the server
// ends, and the room goes on. Times are the players' own: how long a cable is out or
// a machine stopped. What comes of it has the time that it should take twice, and a
// multiple of what a match of two takes to begin here and now.

// matchOf10 is how many frames a match of these tests has.
const matchOf10 = 600

// member starts a bot that stays in its room and plays match after match, with a
// profile of its own name. An empty room is any that waits. The command is
// exec.Command, or that of a machine in a laboratory.
func member(t *testing.T, command func(string, ...string) *exec.Cmd, name, server, room, players string, more ...string) *process {
	t.Helper()
	args := []string{"-server", server, "-players", players, "-name", name, "-seed", fmt.Sprint(name[len(name)-1]),
		"-frames", fmt.Sprint(matchOf10), "-matches", "0"}
	if room != "" {
		args = append(args, "-room", room)
	}
	cmd := command(filepath.Join(world.bin, "bot"), append(args, more...)...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(shelf(t), "profile-"+name))
	return startCmd(t, name, cmd)
}

// begins waits until each of some bots begins its match of that number, and returns
// the seats of it, which are the same for all.
func begins(t *testing.T, match int, bots ...*process) (seats []string) {
	t.Helper()
	all := map[string]bool{}
	for _, b := range bots {
		hangs := time.AfterFunc(2*browsers.Patience, b.kill) // though it may talk all the time
		s := b.says(t, fmt.Sprintf(`match %d: seats \[([0-9 ]+)\]`, match))
		hangs.Stop()
		all[s], seats = true, strings.Fields(s)
	}
	if len(all) != 1 {
		t.Fatalf("the bots begin matches of %v", all)
	}
	return seats
}

// plays waits until each of some bots has played that match to its end.
func plays(t *testing.T, match int, bots ...*process) {
	t.Helper()
	for _, b := range bots {
		b.says(t, fmt.Sprintf(`(?s)match %d: .*(played): frame %d has hash`, match, matchOf10))
	}
}

// linked waits until bots that gather have a link to each other.
func linked(t *testing.T, bots ...*process) {
	t.Helper()
	for _, a := range bots {
		for _, b := range bots {
			if a != b {
				a.says(t, fmt.Sprintf(`room [^\n]*"%s" (is linked)`, b.name))
			}
		}
	}
}

// playing waits until bots are in the middle of a match.
func playing(t *testing.T, bots ...*process) {
	t.Helper()
	for _, b := range bots {
		b.says(t, `(frame) [1-9][^\n]*, confirmed [1-9]`)
	}
}

// duel is two bots in the middle of a match, p1 as the first of the room, and what a
// match takes to begin here and now.
func duel(t *testing.T) (yard time.Duration, p1, p2 *process) {
	t.Helper()
	cores.take(t, 2*aBot)
	yard = yardstick(t, world.server)
	p1 = member(t, exec.Command, "p1", world.server, room(t), "2")
	p1.says(t, `room [^\n]*(is this machine)`)
	p2 = member(t, exec.Command, "p2", world.server, room(t), "2")
	begins(t, 1, p1, p2)
	playing(t, p1, p2)
	return yard, p1, p2
}

// stays lets time go by in which no bot may end.
func stays(t *testing.T, d time.Duration, bots ...*process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for _, b := range bots {
		select {
		case <-b.done:
			t.Fatalf("%s has ended: %v\nout: %s\nlog: %s", b.name, b.err, b.out, b.log)
		case <-ctx.Done():
		}
	}
}

// yardstick is how long two bots take here and now to meet and begin a match.
func yardstick(t *testing.T, server string) time.Duration {
	t.Helper()
	begin := time.Now()
	name := room(t)
	name = name[:min(len(name), 28)] + "-two"
	a, b := member(t, exec.Command, "yard1", server, name, "2"), member(t, exec.Command, "yard2", server, name, "2")
	begins(t, 1, a, b)
	took := time.Since(begin)
	a.kill()
	b.kill()
	return took
}

// within tells how long something took, and whether that is more than it may and
// than the machine explains.
func within(t *testing.T, may, yard time.Duration, since time.Time, what string) {
	t.Helper()
	took := time.Since(since)
	t.Logf("%s after %.1f s; may be %v (two strangers begin after %.1f s here)", what, took.Seconds(), may, yard.Seconds())
	if took > 2*may+20*yard {
		t.Errorf("%s after %v, may be %v", what, took, may)
	}
}

// mute joins a room as one who is ready to play and answers no signal.
func mute(t *testing.T, server, room string) {
	t.Helper()
	r := enter(t, server, room, game.Build)
	r.say(protocol.Message{Kind: protocol.State, Round: 1, Ready: true})
	r.stay()
}

// comes starts a bot again and again, as long as it is refused and the others stay,
// until its match begins.
func comes(t *testing.T, start func() *process, others ...*process) *process {
	t.Helper()
	begin := time.Now()
	for refused := 0; ; refused++ {
		p := start()
		if _, err := p.out.find(regexp.MustCompile(`match 1: seats`)); err == nil {
			t.Logf("refused %d times", refused)
			return p
		}
		_ = p.wait(t)
		if time.Since(begin) > browsers.Patience {
			t.Fatalf("refused %d times in %v\nlog: %s", refused, browsers.Patience, p.log)
		}
		stays(t, time.Second, others...)
	}
}

// TestRoomsCutOff cuts a member off while people gather, and a newcomer comes
// meanwhile: all three play when the network is back.
func TestRoomsCutOff(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"card", "provider"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			cores.take(t, 4*aBot)
			yard := yardstick(t, world.server)
			lab := natlab.New(t, natlab.Wire{RTT: 60 * time.Millisecond})
			server := serviceIn(t, lab)
			router := lab.Internet.Router("port")
			home := router.Host()
			cable := map[string]*natlab.Cable{"card": &home.Cable, "provider": &router.Cable}[where]
			p1 := member(t, lab.Internet.Home("port").Command, "p1", server, room(t), "3")
			p1.says(t, `room [^\n]*(is this machine)`)
			p2 := member(t, home.Command, "p2", server, room(t), "3")
			linked(t, p1, p2)
			cable.Unplug()
			stays(t, 5*time.Second, p1, p2)
			p3 := member(t, lab.Internet.Home("port").Command, "p3", server, room(t), "3")
			stays(t, 15*time.Second, p1, p2, p3)
			cable.Plug()
			back := time.Now()
			if seats := begins(t, 1, p1, p2, p3); len(seats) != 3 {
				t.Errorf("seats %v; want three", seats)
			}
			within(t, 20*time.Second, yard, back, "all three play")
			plays(t, 1, p1, p2, p3)
		})
	}
}

// TestRoomsAsleep stops a machine in a match for longer than anybody waits for it:
// when it wakes it is in the same room, and the two play again.
func TestRoomsAsleep(t *testing.T) {
	t.Parallel()
	yard, p1, p2 := duel(t)
	p2.signal(t, syscall.SIGSTOP)
	stays(t, 50*time.Second, p1, p2)
	p2.signal(t, syscall.SIGCONT)
	woke := time.Now()
	if seats := begins(t, 2, p1, p2); seats[0] != "1" {
		t.Errorf("seats %v; the one who stayed was 1", seats)
	}
	within(t, 15*time.Second, yard, woke, "the rematch begins")
	plays(t, 2, p1, p2)
}

// signal sends a signal to a process and all that it has started.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-p.cmd.Process.Pid, s); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
}

// TestRoomsOneOfThreeDies kills a player in a match: the room of the others lives on
// when that is over, and the next match starts with whoever comes.
func TestRoomsOneOfThreeDies(t *testing.T) {
	t.Parallel()
	cores.take(t, 3*aBot)
	p1 := member(t, exec.Command, "p1", world.server, room(t), "3")
	p1.says(t, `room [^\n]*(is this machine)`)
	p2 := member(t, exec.Command, "p2", world.server, room(t), "3")
	linked(t, p1, p2)
	p3 := member(t, exec.Command, "p3", world.server, room(t), "3")
	begins(t, 1, p1, p2, p3)
	playing(t, p1, p2, p3)
	p3.kill()
	plays(t, 1, p1, p2)
	stays(t, time.Minute, p1, p2)
	came := time.Now()
	p4 := member(t, exec.Command, "p4", world.server, room(t), "3")
	seats := begins(t, 1, p4)
	if again := begins(t, 2, p1, p2); strings.Join(again, " ") != strings.Join(seats, " ") || len(seats) != 3 || seats[0] != "1" || seats[1] != "2" {
		t.Errorf("seats %v and %v; want 1, 2 and who came", again, seats)
	}
	t.Logf("the next match begins %.1f s after the newcomer", time.Since(came).Seconds())
	plays(t, 2, p1, p2)
	plays(t, 1, p4)
}

// TestRoomsComesBack kills one of two in a match, who opens the same link 3 s later:
// both play the next match.
func TestRoomsComesBack(t *testing.T) {
	t.Parallel()
	yard, p1, p2 := duel(t)
	p2.kill()
	stays(t, 3*time.Second, p1)
	came := time.Now()
	p2 = member(t, exec.Command, "p2", world.server, room(t), "2")
	if seats := begins(t, 1, p2); seats[0] != "1" || len(seats) != 2 || seats[1] == "2" {
		t.Errorf("seats %v; want 1 and a new number", seats)
	}
	begins(t, 2, p1)
	within(t, 15*time.Second, yard, came, "both play")
	plays(t, 2, p1)
	plays(t, 1, p2)
}

// TestRoomsSilent puts a member into the room that answers no signal: those who can
// be linked play without it, and where its place is needed a newcomer gets it.
func TestRoomsSilent(t *testing.T) {
	t.Parallel()
	t.Run("needed by nobody", func(t *testing.T) {
		t.Parallel()
		cores.take(t, 2*aBot)
		yard := yardstick(t, world.server)
		mute(t, world.server, room(t)+"?players=2-3")
		p1 := member(t, exec.Command, "p1", world.server, room(t), "2-3")
		p1.says(t, `room [^\n]*(is this machine)`)
		came := time.Now()
		p2 := member(t, exec.Command, "p2", world.server, room(t), "2-3")
		if seats := begins(t, 1, p1, p2); strings.Join(seats, " ") != "2 3" {
			t.Errorf("seats %v; want 2 3", seats)
		}
		within(t, 15*time.Second, yard, came, "two of three play")
		plays(t, 1, p1, p2)
	})
	t.Run("its place is", func(t *testing.T) {
		t.Parallel()
		cores.take(t, 2*aBot)
		yard := yardstick(t, world.server)
		mute(t, world.server, room(t)+"?players=2")
		came := time.Now()
		p1 := member(t, exec.Command, "p1", world.server, room(t), "2")
		p1.says(t, `room [^\n]*(is this machine)`)
		p2 := comes(t, func() *process { return member(t, exec.Command, "p2", world.server, room(t), "2") }, p1)
		begins(t, 1, p1, p2)
		within(t, 30*time.Second, yard, came, "the newcomer plays")
		plays(t, 1, p1, p2)
	})
}

// TestRoomsSilentCrowd has two strangers look for somebody to play with while ten
// who answer no signal do so, too: they meet.
func TestRoomsSilentCrowd(t *testing.T) {
	t.Parallel()
	cores.take(t, 2*aBot)
	yard := yardstick(t, world.server)
	_, port := service(t, "127.0.0.1")
	server := fmt.Sprintf("ws://127.0.0.1:%d", port)
	p1 := member(t, exec.Command, "p1", server, "", "2")
	p1.says(t, `room [^\n]*(is this machine)`)
	for range 10 { // the first of them is put together with p1, the last with p2
		mute(t, server, "?players=2")
	}
	came := time.Now()
	p2 := member(t, exec.Command, "p2", server, "", "2")
	begins(t, 1, p1, p2)
	within(t, time.Minute, yard, came, "two strangers play")
	plays(t, 1, p1, p2)
}

// resume says hello to a room as one who has lost a connection and was the leader
// there, and returns the answer. Whoever is told to come back later does so; whoever is let
// in stays.
func resume(t *testing.T, server, code, token string) protocol.Message {
	t.Helper()
	for {
		r := dial(t, server, code+"?players=3", protocol.Version, nil)
		r.say(protocol.Message{Kind: protocol.Hello, Build: game.Build, Name: "stranger", Resume: token, Self: 1, Round: 1})
		m := r.read()
		if m.Kind == protocol.Error && m.Code == protocol.CodeClosing {
			time.Sleep(time.Duration(m.After) * time.Millisecond)
			continue
		}
		if m.Kind == protocol.Welcome {
			r.stay()
		}
		return m
	}
}

// TestRoomsRestart kills the server and starts it again while both members of a room
// are away. Whoever only knows the code, and comes first, has taken nothing from those
// who were there when they are back: no number, no place, no room.
func TestRoomsRestart(t *testing.T) {
	t.Parallel()
	cores.take(t, 3*aBot)
	port, turn, proofs := freePort(t), freePort(t), filepath.Join(t.TempDir(), "proofs.key")
	before := serviceAt(t, "127.0.0.1", port, turn, "-proofs", proofs)
	server := fmt.Sprintf("ws://127.0.0.1:%d", port)
	p1 := member(t, exec.Command, "p1", server, "", "3", "-new")
	code := p1.says(t, `room ([A-Z0-9]+): [^\n]*is this machine`)
	p2 := member(t, exec.Command, "p2", server, code, "3")
	linked(t, p1, p2)
	elsewhere := dial(t, server, "?players=3&new", protocol.Version, nil)
	elsewhere.say(protocol.Message{Kind: protocol.Hello, Build: game.Build})
	token := elsewhere.hear(protocol.Welcome).Token
	p1.signal(t, syscall.SIGSTOP)
	p2.signal(t, syscall.SIGSTOP)
	before.kill()
	serviceAt(t, "127.0.0.1", port, turn, "-proofs", proofs)
	for _, stranger := range []struct{ name, token string }{
		{"without a token", ""}, {"with an invented token", strings.Repeat("0123456789abcdef", 2)}, {"with the token of another room", token},
	} {
		m := resume(t, server, code, stranger.token)
		t.Logf("a stranger %s, who says that it was 1 in the room, hears %s %s, and is %d", stranger.name, m.Kind, m.Code, m.Self)
		if stranger.token == "" && (m.Kind != protocol.Error || m.Code != protocol.CodeRoom) {
			t.Errorf("the code alone is answered with %s %s; want error room", m.Kind, m.Code)
		}
	}
	p1.signal(t, syscall.SIGCONT)
	p2.signal(t, syscall.SIGCONT)
	// A stranger may have the free place, as anybody who has the code, till it is seen
	// that it answers nobody.
	p3 := comes(t, func() *process { return member(t, exec.Command, "p3", server, code, "3") }, p1, p2)
	seats := begins(t, 1, p1, p2, p3)
	for i, p := range []*process{p1, p2} {
		if self := p.says(t, `match 1: [^\n]* this machine is (\d+)`); self != strconv.Itoa(i+1) {
			t.Errorf("%s is %s in %v, and was %d", p.name, self, seats, i+1)
		}
	}
	plays(t, 1, p1, p2, p3)
}
