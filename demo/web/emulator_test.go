//go:build worlds

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lab is added to the emulator: a line that takes seven frames, fingers that never
// rest, and what there is to see of the session.
const lab = `
package main

import (
	"fmt"
	"syscall/js"
	"time"

	"github.com/punchback/punchback/demo/web/testdata/emulator/core"
	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/rtc"
)

const rollback = 7 // frames, of which the way takes all but one

type sent struct {
	tick   int
	to     netcode.Peer
	packet []byte
}

type line struct {
	*rtc.Match
	ticks int
	way   []sent
}

var far *line

func late(m *rtc.Match) *line {
	far = &line{Match: m}
	return far
}

func (l *line) Send(to netcode.Peer, packet []byte) {
	l.way = append(l.way, sent{l.ticks, to, append([]byte(nil), packet...)})
}

var (
	spent, bare time.Duration
	ticks       int
	alone       = core.New(1)
)

func (a *app) advance() error {
	if ticks++; ticks%10 == 0 {
		began := time.Now()
		for range rollback + 1 {
			alone.Frame([2]uint8{uint8(ticks), 0})
		}
		bare += time.Since(began)
	}
	for far.ticks++; len(far.way) > 0 && far.way[0].tick+rollback-1 <= far.ticks; far.way = far.way[1:] {
		far.Match.Send(far.way[0].to, far.way[0].packet)
	}
	began := time.Now()
	err := a.session.Advance(netcode.Input{Bits: uint64(ticks * 5 % 251)})
	spent += time.Since(began)
	s := a.session.Stats()
	mark := s.Confirmed / 32 * 32
	hash, _ := a.session.Hash(mark)
	js.Global().Set("session", map[string]any{
		"frame": int(s.Frame), "ticks": ticks, "steps": int(s.Steps), "rollbacks": int(s.Rollbacks), "depth": s.Depth, "waited": int(s.Waited),
		"hash": fmt.Sprint(mark, " ", hash), "now": time.Since(start).Seconds(), "advance": spent.Seconds() / float64(ticks), "bare": bare.Seconds() / float64(ticks/10),
	})
	return err
}

var start = time.Now()
`

// An emulator that knows nothing of networks goes online by its SaveState and LoadState:
// 256 KiB, a rollback of seven frames in each, in Chromium, for at most twice the time
// that the steps themselves take.
func TestEmulator(t *testing.T) {
	file, err := filepath.Abs("testdata/emulator/main.go")
	must(t, err)
	src, err := os.ReadFile(file)
	must(t, err)
	text := string(src)
	if n := strings.Count(text, "\n"); n >= 60 {
		t.Errorf("it takes %d lines to go online", n)
	}
	for _, c := range [][2]string{{"a.session.Advance(pad)", "a.advance()"}, {"(a, match, cfg)", "(a, late(match), cfg)"}, {"\ta.Machine =", "\tcfg.Delay = netcode.NoDelay\n\ta.Machine ="}} {
		if strings.Count(text, c[0]) != 1 {
			t.Fatalf("it no longer has one %q", c[0])
		}
		text = strings.Replace(text, c[0], c[1], 1)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), text)
	write(t, filepath.Join(dir, "lab.go"), lab)
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: filepath.Join(dir, "main.go"), filepath.Join(filepath.Dir(file), "lab.go"): filepath.Join(dir, "lab.go")}})
	must(t, err)
	write(t, filepath.Join(dir, "overlay.json"), string(overlay))
	t.Setenv("GOFLAGS", "-overlay="+filepath.Join(dir, "overlay.json"))

	url, out := started(t, ".", "./testdata/emulator")
	defer func() {
		if t.Failed() {
			t.Log(out)
		}
	}()
	tab := browser(t)
	must(t, tab.Navigate(url+"-/tabs?n=2"))
	until(t, tab, "frames[0].session?.frame > 200 && frames[1].session?.frame > 200")
	type session struct {
		Frame, Ticks, Steps, Rollbacks, Depth, Waited int
		Hash                                          string
		Now, Advance, Bare                            float64
	}
	before := value[[]session](t, tab, "[{...frames[0].session}, {...frames[1].session}]")
	until(t, tab, "frames[0].session.frame > 700 && frames[1].session.frame > 700")
	after := value[[]session](t, tab, "[{...frames[0].session}, {...frames[1].session}]")
	for i, a := range after {
		b := before[i]
		n := float64(a.Ticks - b.Ticks)
		t.Logf("page %d: %.1f frames a second, %.1f steps and %.2f rollbacks in each, %d ticks waited; Advance takes %.2f ms, its steps alone %.2f ms",
			i, float64(a.Frame-b.Frame)/(a.Now-b.Now), float64(a.Steps-b.Steps)/n, float64(a.Rollbacks-b.Rollbacks)/n, a.Waited-b.Waited, 1000*a.Advance, 1000*a.Bare)
		if float64(a.Rollbacks-b.Rollbacks) < 0.3*n || float64(a.Steps-b.Steps) < 4*n || float64(a.Steps-b.Steps) > 11*n {
			t.Errorf("page %d: %d rollbacks and %d steps in %.0f ticks", i, a.Rollbacks-b.Rollbacks, a.Steps-b.Steps, n)
		}
		if a.Advance > 2*a.Bare {
			t.Errorf("page %d: Advance takes %.2f ms, its steps alone %.2f ms", i, 1000*a.Advance, 1000*a.Bare)
		}
	}
	until(t, tab, "frames[0].session.hash == frames[1].session.hash")
}
