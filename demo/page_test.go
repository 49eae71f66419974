//go:build worlds

package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/punchback/punchback/nat/natlab/browsers"
)

// chromium and firefox are one browser each for all tests; each page is another
// person's.
var (
	chromium = &shared{name: "chromium", start: browsers.Chromium}
	firefox  = &shared{name: "firefox", start: browsers.Firefox}
)

// shared is a browser that starts when the first test needs it.
type shared struct {
	name  string
	start func(dir string) (browsers.Browser, error)
	once  sync.Once
	b     browsers.Browser
	err   error
}

func (s *shared) get(t *testing.T) browsers.Browser {
	t.Helper()
	s.once.Do(func() { s.b, s.err = s.start(filepath.Join(world.bin, s.name)) })
	if errors.Is(s.err, browsers.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(s.err)
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.b
}

func (s *shared) close() {
	if s.b != nil {
		s.b.Close()
	}
}

// A tab is a page that is open.
type tab struct {
	browsers.Tab
	t       *testing.T
	name    string
	console *tape
}

// front opens an empty tab in the same window and shows it, which hides this
// one for real: it gets no animation frame at all.
func (p *tab) front() {
	p.t.Helper()
	other, err := p.Beside(nil)
	p.must(err)
	p.must(other.Front())
	p.until(`document.hidden`)
}

// show shows it again.
func (p *tab) show() {
	p.t.Helper()
	p.must(p.Front())
	p.until(`!document.hidden`)
}

func (p *tab) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// stats is what the page says of itself.
type stats struct {
	Scene     string  `json:"scene"`
	Player    int     `json:"player"`
	Players   int     `json:"players"`
	Frame     int     `json:"frame"`
	Confirmed int     `json:"confirmed"`
	HashFrame int     `json:"hashFrame"`
	Hash      string  `json:"hash"`
	RTTMS     float64 `json:"rttMs"`
	Path      string  `json:"path"`
	Rollback  int     `json:"rollback"`
	Stalls    int     `json:"stalls"`
	Room      string  `json:"room"`
	X, Y      float64 // of the fighter, and the X of another
	Foe       float64
	Won       bool
}

// watch runs in every page before anything else: it notes when the game first
// showed itself, when the match began, and every hash that the page told, by
// match and frame. It looks by a timer, so that it asks for no animation frame.
const watch = `(() => {
	const seen = globalThis.worlds = {first: 0, match: 0, matches: 0, hashes: {}};
	let last = 0, noted = 0;
	setInterval(() => {
		const s = globalThis.punchback?.stats?.();
		if (!s) return;
		seen.first ||= performance.now();
		if (s.frame > 0) {
			seen.match ||= performance.now();
			if (!last || s.frame < last) {
				seen.matches++;
				noted = 0;
			}
			last = s.frame;
		}
		for (; last && noted < s.hashFrame; noted += 10) { // a page without time tells the older ones, too
			const hash = punchback.stats(noted + 10);
			if (hash) seen.hashes[seen.matches + "." + (noted + 10)] = hash;
		}
	}, 20);
})();`

// seen is what watch noted; times are in ms since the navigation.
type seen struct {
	First   float64           `json:"first"`
	Match   float64           `json:"match"`
	Matches int               `json:"matches"`
	Hashes  map[string]string `json:"hashes"` // by "match.frame", both from 1
}

// open opens a page of another person's in Chromium. What scripts are given runs
// before the page's own.
func open(t *testing.T, name, url string, scripts ...string) *tab {
	t.Helper()
	return chromium.open(t, name, url, scripts...)
}

func (s *shared) open(t *testing.T, name, url string, scripts ...string) *tab {
	t.Helper()
	b := s.get(t)
	said := console(t, name)
	window, err := b.Window(said)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	p := &tab{window, t, name, said}
	p.load(url, scripts...)
	return p
}

// other opens another tab of the same person's, before this one.
func (p *tab) other(name, url string) *tab {
	p.t.Helper()
	said := console(p.t, name)
	beside, err := p.Beside(said)
	p.must(err)
	o := &tab{beside, p.t, name, said}
	o.must(o.Front())
	o.load(url)
	return o
}

// load goes to the first page of a tab, which ends with the test.
func (p *tab) load(url string, scripts ...string) {
	p.t.Helper()
	p.t.Cleanup(func() {
		if p.t.Failed() {
			p.keep()
		}
		if err := p.Close(); err != nil {
			p.t.Errorf("%s: %v", p.name, err)
		}
	})
	for _, script := range append([]string{watch}, scripts...) {
		p.must(p.Preload(script))
	}
	p.must(p.Navigate(url))
}

// console keeps what a page says on its console.
func console(t *testing.T, name string) *tape {
	t.Helper()
	file, err := os.Create(filepath.Join(shelf(t), name+".console"))
	if err != nil {
		t.Fatal(err)
	}
	said := &tape{file: file, grown: make(chan struct{})}
	t.Cleanup(said.end)
	return said
}

// join is the link to a room of the demo, played by the bot's inputs.
func join(room string, players int) string {
	return fmt.Sprintf("%s/?room=%s&players=%d&autoplay=1&mute=1", world.page, room, players)
}

// eval evaluates an expression to a value.
func eval[T any](p *tab, expression string) (v T) {
	p.t.Helper()
	p.must(p.Eval(expression, &v))
	return v
}

func (p *tab) stats() stats {
	p.t.Helper()
	return eval[stats](p, `globalThis.punchback?.stats?.() ?? {}`)
}

func (p *tab) seen() seen {
	p.t.Helper()
	return eval[seen](p, `globalThis.worlds`)
}

// until waits until an expression is true. What is given beside it tells how far
// it is: as long as that changes, the wait goes on.
func (p *tab) until(expression string, progress ...string) {
	p.t.Helper()
	how := strings.Join(append(progress, "0"), ` + " " + `)
	err := browsers.Until(func() (any, bool) {
		got := eval[struct {
			Done bool
			How  string
		}](p, fmt.Sprintf(`({done: !!(%s), how: String(%s)})`, expression, how))
		return got.How, got.Done
	})
	if err != nil {
		p.t.Fatalf("%s: %s: %v\nstats: %+v", p.name, expression, err, p.stats())
	}
}

// untilFrame waits until a frame is confirmed.
func (p *tab) untilFrame(frame int) {
	p.t.Helper()
	const confirmed = `globalThis.punchback?.stats?.().confirmed`
	p.until(fmt.Sprintf(`%s >= %d`, confirmed, frame), confirmed)
}

// keep keeps what can be had of a page of a failed test.
func (p *tab) keep() {
	if png, err := p.Shot(); err == nil {
		_ = os.WriteFile(filepath.Join(shelf(p.t), p.name+"-failed.png"), png, 0o644)
	}
}

// shot keeps a picture of the page, and sees that there is something on it.
func (p *tab) shot(name string) {
	p.t.Helper()
	png, err := p.Shot()
	p.must(err)
	path := filepath.Join(shelf(p.t), name+".png")
	p.must(os.WriteFile(path, png, 0o644))
	notBlank(p.t, path)
}

// notBlank counts the colours of a picture; an empty canvas has one.
func notBlank(t *testing.T, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[[3]uint32]int{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			colours[[3]uint32{r, g, b}]++
		}
	}
	if len(colours) < 12 {
		t.Errorf("%s has %d colours; want a picture of a game", path, len(colours))
	}
}

// agree compares every hash that both pages told of their n-th match, and
// wants at least so many.
func agree(t *testing.T, a, b *tab, n, atLeast int) {
	t.Helper()
	x, y := a.seen().Hashes, b.seen().Hashes
	common := 0
	for at, hash := range x {
		other, ok := y[at]
		if !ok || !strings.HasPrefix(at, fmt.Sprint(n, ".")) {
			continue
		}
		common++
		if hash != other {
			t.Errorf("match and frame %s: %s has %s, %s has %s", at, a.name, hash, b.name, other)
		}
	}
	t.Logf("match %d: %d hashes compared", n, common)
	if common < atLeast {
		t.Errorf("match %d: %d hashes to compare; want at least %d", n, common, atLeast)
	}
}
