package scene

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Options are what the command line or the page's address asks for.
type Options struct {
	Server   string // ws://host:port
	Room     string // join it at once; empty shows the title
	Players  int    // seats of a room, 2 to 4; zero means 2
	Title    string // of the window; empty means one that no other instance has
	Name     string // of the player
	Mute     bool
	Split    bool // begin with split screen
	Autoplay bool // the bot plays this seat
	HUD      bool // begin with the network figures shown
	Lag      int  // added to what this end sends, one way, in ms
	Jitter   int  // in ms
	Loss     float64
	Odd      []string // sentences on what the page's address asks for and nobody knows
}

// names are what a page's address can ask for.
var names = []string{"room", "players", "name", "server", "mute", "split", "autoplay", "hud", "lag", "jitter", "loss"}

// FromPage reads the Options in a page's address.
func FromPage(address string) (Options, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Options{}, fmt.Errorf("scene: the page's address: %w", err)
	}
	scheme := "ws://"
	if u.Scheme == "https" {
		scheme = "wss://"
	}
	q := u.Query()
	o := Options{Server: scheme + u.Host, Room: q.Get("room"), Name: q.Get("name")}
	on := func(name string) bool {
		v := q.Get(name)
		return q.Has(name) && v != "0" && v != "false"
	}
	o.Mute, o.Split, o.Autoplay, o.HUD = on("mute"), on("split"), on("autoplay"), on("hud")
	if s := q.Get("server"); s != "" {
		o.Server = strings.TrimRight(s, "/")
	}
	for _, f := range []struct {
		name   string
		to     *int
		lo, hi int
	}{{"players", &o.Players, 2, 4}, {"lag", &o.Lag, 0, 2000}, {"jitter", &o.Jitter, 0, 2000}} {
		s := q.Get(f.name)
		if s == "" {
			continue
		}
		if f.name == "players" {
			*f.to, err = most(s)
		} else {
			*f.to, err = strconv.Atoi(s)
		}
		if err != nil || *f.to < f.lo || *f.to > f.hi {
			return o, fmt.Errorf("scene: %s=%s: %d to %d is possible", f.name, short(s), f.lo, f.hi)
		}
	}
	if s := q.Get("loss"); s != "" {
		if o.Loss, err = strconv.ParseFloat(s, 64); err != nil || !(o.Loss >= 0 && o.Loss <= 0.9) {
			return o, fmt.Errorf("scene: loss=%s: 0 to 0.9 is possible, 0.05 is one packet in twenty", short(s))
		}
	}
	o.Odd = odd(q)
	return o, o.check()
}

// odd names what a query asks for in vain: a slip of the hand, with what was meant,
// or something of the site that the page lies on, which is nobody's mistake.
func odd(q url.Values) (sentences []string) {
	for _, asked := range slices.Sorted(maps.Keys(q)) {
		if slices.Contains(names, asked) {
			continue
		}
		if i := slices.IndexFunc(names, func(name string) bool { return edits(asked, name) <= 2 }); i >= 0 {
			sentences = append(sentences, fmt.Sprintf("?%s= is unknown; is %s meant?", short(asked), names[i]))
		}
	}
	return sentences
}

// edits is how many letters have to be changed, added or removed to make b of a.
func edits(a, b string) int {
	if len(a) > 24 { // no slip
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := corner
			if a[i] != b[j] {
				cost++
			}
			corner = row[j+1]
			row[j+1] = min(cost, corner+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// sliders are those of the split screen, in steps of 10 ms and of 2 per cent: the
// network that was asked for, or else one that shows something.
func (o *Options) sliders() []item {
	lag, jitter, loss := (o.Lag+5)/10, (o.Jitter+5)/10, int(o.Loss*50+0.5)
	if o.Lag == 0 && o.Jitter == 0 && o.Loss == 0 {
		lag, jitter, loss = 5, 2, 2
	}
	return []item{
		{text: "Latency", steps: max(30, lag), value: lag},
		{text: "Jitter", steps: max(20, jitter), value: jitter},
		{text: "Loss", steps: max(20, loss), value: loss},
	}
}

func (o *Options) check() error {
	if o.Players == 0 {
		o.Players = 2
	}
	if o.Players < 2 || o.Players > 4 {
		return fmt.Errorf("scene: players %d: 2 to 4 can play", o.Players)
	}
	if o.Room != "" {
		if err := checkCode(o.Room); err != nil {
			return fmt.Errorf("scene: room: %w", err)
		}
	}
	return nil
}

// title names the window. Without a wish it holds the process's number, so
// that two windows on one desk are told apart, by people and by tools.
func (o *Options) title() string {
	if o.Title != "" {
		return o.Title
	}
	return "Punchback " + strconv.Itoa(os.Getpid())
}
