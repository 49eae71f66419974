package trace

import (
	"bytes"
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Log keeps what happens. Its methods may be called from any goroutine, and
// none blocks.
type Log struct {
	began time.Time

	mu      sync.Mutex
	events  []Event
	seen    int
	secrets []secret
}

// secret is a word that no Text shows, and what stands there instead.
type secret struct{ word, instead string }

// maxSecrets is how many secrets are kept: those that a room has for good, which
// come first, and the newest of those that are replaced now and then.
const (
	maxSecrets = 16
	forGood    = 5
)

// NewLog makes an empty one. The time of its events begins now.
func NewLog() *Log { return &Log{began: time.Now()} }

// Hide keeps a word out of all Texts to come. None ever holds one on purpose; what
// servers and systems say might.
func (l *Log) Hide(word, instead string) {
	if word == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := secret{word, "(" + instead + ")"}
	if slices.Contains(l.secrets, s) {
		return
	}
	if len(l.secrets) == maxSecrets {
		l.secrets = slices.Delete(l.secrets, forGood, forGood+1)
	}
	l.secrets = append(l.secrets, s)
}

// Add keeps an event and sets its time. Where there is no room for one more, one
// of the Peer with the most is left out: so a machine that makes things happen for
// ever pushes out nothing but its own.
func (l *Log) Add(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.At = time.Since(l.began).Milliseconds()
	e.Text = tidy(l.hidden(e.Text), MaxText)
	e.List = slices.Clone(e.List[:min(len(e.List), maxList)])
	for i, s := range e.List {
		e.List[i] = tidy(l.hidden(s), maxWord)
	}
	e.Word = tidy(e.Word, maxWord)
	e.Here, e.There = e.Here.tidy(), e.There.tidy()
	l.seen++
	l.events = append(l.events, e)
	if len(l.events) > maxEvents {
		l.events = thin(l.events)
	}
}

// long is a word that is no part of an address.
const long = 16

// hidden is a text without the secrets; the lock is held. Addresses stay whole, of
// which a short code may be a part, since they have to be known for such later.
func (l *Log) hidden(s string) string {
	for _, x := range l.secrets {
		if len(x.word) >= long {
			s = replaceWord(s, x.word, x.instead)
		}
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		from, n := i, 0
		for ; i < len(s); i++ {
			if n = address(s, i); n > 0 {
				break
			}
		}
		words := s[from:i]
		for _, x := range l.secrets {
			if len(x.word) < long {
				words = replaceWord(words, x.word, x.instead)
			}
		}
		b.WriteString(words + s[i:i+n])
		i += n
	}
	return b.String()
}

// replaceWord replaces a word where no letter or digit is its neighbour: the code of
// a room may be one that is part of others.
func replaceWord(s, word, instead string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, word)
		if i < 0 {
			break
		}
		end := i + len(word)
		if i > 0 && plain(s[i-1]) && plain(word[0]) || end < len(s) && plain(s[end]) && plain(word[len(word)-1]) {
			b.WriteString(s[:i+1])
			s = s[i+1:]
			continue
		}
		b.WriteString(s[:i] + instead)
		s = s[end:]
	}
	return b.String() + s
}

func plain(c byte) bool {
	return c >= utf8.RuneSelf || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// tidy is a text in one line that a terminal can show, of at most so many bytes.
func tidy(s string, most int) string {
	s = s[:min(len(s), 4*most)]
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			return r
		}
		return ' '
	}, s)
	if len(s) > most {
		for s = s[:most]; s != "" && (part(s[len(s)-1]) || s[len(s)-1] >= utf8.RuneSelf); { // Half an address would not be known for one.
			s = s[:len(s)-1]
		}
	}
	return s
}

func (c *Candidate) tidy() *Candidate {
	if c == nil {
		return nil
	}
	return &Candidate{tidy(c.Type, maxWord), tidy(c.Proto, maxWord), tidy(c.Host, maxWord), c.Port, c.Base}
}

// few is how many of the first events of a Peer are always kept.
const few = 32

// own is how many events about the room itself count for none, so that a crowd does
// not push them out.
const own = 64

// known is how many Peers count each for itself, those that came first. All others
// count as one: whoever comes again and again has another number each time.
const known = 16

// counted are the Peers of events, with -1 for all that count as one.
func counted(events []Event) []int {
	var first []int
	all := make([]int, len(events))
	for i, e := range events {
		all[i] = e.Peer
		if e.Peer == 0 || slices.Contains(first, e.Peer) {
			continue
		}
		if len(first) == known {
			all[i] = -1
			continue
		}
		first = append(first, e.Peer)
	}
	return all
}

// thin leaves one event out: of the Peer that has most, of several such the one
// that came last, behind its first few. Whoever begins has told most by then, and how
// it ended is told by the newest.
func thin(events []Event) []Event {
	peers := counted(events)
	count := map[int]int{0: -own}
	who := 0
	for _, p := range peers {
		count[p]++
	}
	for _, p := range peers {
		if count[p] >= count[who] {
			who = p
		}
	}
	if who == 0 {
		count[0] += own
	}
	skip := min(few, count[who]/2)
	for i, p := range peers {
		if p != who {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if next := slices.Index(peers[i+1:], who); next >= 0 {
			events[i+1+next].Missing += 1 + events[i].Missing
		}
		return slices.Delete(events, i, i+1)
	}
	return events
}

// Bytes is the file, with addresses or with masks instead of them. A mask tells
// what kind of address it is, and equal ones of one file have equal numbers:
// public4#1, private4#2. Ports stay.
func (l *Log) Bytes(addresses bool) []byte {
	l.mu.Lock()
	events := slices.Clone(l.events)
	h := Header{Format: Format, Joined: l.began.UTC().Truncate(time.Second), Took: time.Since(l.began).Milliseconds(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, Masked: !addresses, Events: l.seen}
	l.mu.Unlock()
	var m *masks
	if !addresses {
		m = &masks{map[string]string{}}
	}
	for i := range events {
		m.cover(&events[i])
	}
	for {
		b := encode(h, events)
		over := len(b) - MaxSize
		if over <= 0 || len(events) == 0 {
			return b
		}
		for range 1 + over*len(events)/len(b) {
			events = thin(events)
		}
	}
}

func encode(h Header, events []Event) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(h) // A buffer takes everything, and nothing here can fail to be encoded.
	for i := range events {
		_ = e.Encode(&events[i])
	}
	return b.Bytes()
}
