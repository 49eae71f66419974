package scene

import (
	"net/url"
	"strconv"

	"github.com/punchback/punchback/netcode"
)

// settings are what a player chooses for this machine, kept for the next time.
type settings struct {
	volume int // 0 to loudest
	delay  int // frames; autoDelay: as the path asks
	relay  bool
	calm   bool // no shaking and no flashes
}

const (
	loudest   = 10
	autoDelay = 7 // one more than can be chosen
)

// usual are the settings until somebody chooses; calm if the system asks for it.
func usual(calm bool) settings { return settings{volume: loudest, delay: 2, calm: calm} }

// text is how settings are kept.
func (s settings) text() string {
	q := url.Values{"volume": {strconv.Itoa(s.volume)}, "delay": {strconv.Itoa(s.delay)}}
	for name, on := range map[string]bool{"relay": s.relay, "calm": s.calm} {
		q.Set(name, strconv.FormatBool(on))
	}
	return q.Encode()
}

// read takes what was kept; what is not there, or no such value, stays as it is.
func (s *settings) read(text string) {
	q, _ := url.ParseQuery(text)
	number := func(to *int, name string, most int) {
		if n, err := strconv.Atoi(q.Get(name)); err == nil && n >= 0 && n <= most {
			*to = n
		}
	}
	number(&s.volume, "volume", loudest)
	number(&s.delay, "delay", autoDelay)
	truth := func(to *bool, name string) {
		if on, err := strconv.ParseBool(q.Get(name)); err == nil {
			*to = on
		}
	}
	truth(&s.relay, "relay")
	truth(&s.calm, "calm")
}

// frames is the delay as netcode.Config has it.
func (s settings) frames() int {
	switch s.delay {
	case 0:
		return netcode.NoDelay
	case autoDelay:
		return netcode.Auto
	}
	return s.delay
}

// The items of the page, in their order.
const (
	itemVolume = iota
	itemDelay
	itemRelay
	itemCalm
	itemDone
)

// items are the settings as a menu.
func (s settings) items() []item {
	it := []item{
		itemVolume: {text: "Volume", value: s.volume, steps: loudest},
		itemDelay:  {text: "Input delay", value: s.delay, steps: autoDelay},
		itemRelay:  {hint: "All you send goes through the relay. It takes longer"},
		itemCalm:   {hint: "The picture does not shake, and nothing flashes"},
		itemDone:   {text: "Done"},
	}
	s.say(it)
	return it
}

// say writes what the items stand at.
func (s settings) say(it []item) {
	it[itemVolume].hint = strconv.Itoa(10*s.volume) + " %"
	if s.volume == 0 {
		it[itemVolume].hint = "mute"
	}
	it[itemDelay].hint = strconv.Itoa(s.delay)
	if s.delay == autoDelay {
		it[itemDelay].hint = "Auto"
	}
	it[itemRelay].text = "Hide my address: " + yes(s.relay)
	it[itemCalm].text = "Less motion: " + yes(s.calm)
}

func yes(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

// take takes what the menu says, and what was picked.
func (s *settings) take(it []item, picked int) {
	s.volume, s.delay = it[itemVolume].value, it[itemDelay].value
	switch picked {
	case itemRelay:
		s.relay = !s.relay
	case itemCalm:
		s.calm = !s.calm
	}
	s.say(it)
}
