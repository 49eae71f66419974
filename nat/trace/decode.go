package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Trace is a file as it was read.
type Trace struct {
	Header
	Events []Event
}

// Decode reads a file. It may be of anybody: whatever it holds, every text of
// the Trace is one line that a terminal can show, and every number makes sense.
func Decode(b []byte) (*Trace, error) {
	if len(b) > 2*MaxSize { // Mail and chat make line ends longer.
		return nil, fmt.Errorf("trace: the file is %d bytes, must be at most %d", len(b), 2*MaxSize)
	}
	t, number, began := new(Trace), 0, false
	for line := range bytes.Lines(bytes.TrimPrefix(b, []byte("\ufeff"))) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var err error
		if !began {
			began, err = true, t.Header.decode(line)
		} else {
			var e Event
			if err = e.decode(line); err == nil {
				err = t.follows(&e)
			}
			t.Events = append(t.Events, e)
		}
		if err != nil {
			return nil, fmt.Errorf("trace: line %d: %w", number, err)
		}
	}
	if !began {
		return nil, errors.New("trace: the file is empty")
	}
	return t, nil
}

func (h *Header) decode(line []byte) error {
	if json.Unmarshal(line, h) != nil || !strings.HasPrefix(h.Format, "punchback trace ") {
		return errors.New("this is not a trace of a room")
	}
	if h.Format != Format {
		return fmt.Errorf("the format is %.40q, only %q is known here", h.Format, Format)
	}
	if y := h.Joined.Year(); h.Took < 0 || h.Took > mostTime || h.Events < 0 || h.Events > most || y < 1 || y > 9999 {
		return errors.New("a number makes no sense")
	}
	return line1(h.Platform, maxWord)
}

// What a number of a file may be.
const (
	most     = 1 << 30
	mostTime = 1 << 42 // a century in ms
)

func (e *Event) decode(line []byte) error {
	if err := json.Unmarshal(line, e); err != nil {
		return errors.New("this is not an event")
	}
	if e.Kind == "" || strings.Trim(string(e.Kind), "abcdefghijklmnopqrstuvwxyz-") != "" || len(e.Kind) > 16 {
		return fmt.Errorf("the kind of the event is %.40q", string(e.Kind))
	}
	numbers := []int{e.Peer, e.Try, e.N, e.Missing}
	texts := []string{e.Word}
	for _, c := range []*Candidate{e.Here, e.There} {
		if c != nil {
			texts = append(texts, c.Type, c.Proto, c.Host)
			if numbers = append(numbers, c.Port, c.Base); max(c.Port, c.Base) > 65535 {
				return fmt.Errorf("a port is %d", max(c.Port, c.Base))
			}
		}
	}
	if p := e.Phases; p != nil {
		numbers = append(numbers, p.Signal, p.Gather, p.Check, p.DTLS, p.Open)
	}
	if s := e.Signals; s != nil {
		numbers = append(numbers, s.Said, s.Again, s.Heard, s.Useless, s.Dropped)
	}
	for _, n := range numbers {
		if n < 0 || n > most {
			return fmt.Errorf("a number is %d, must be 0 to %d", n, most)
		}
	}
	if len(e.List) > maxList {
		return fmt.Errorf("a list has %d entries, must have at most %d", len(e.List), maxList)
	}
	for _, s := range append(texts, e.List...) {
		if err := line1(s, masked*maxWord); err != nil {
			return err
		}
	}
	return line1(e.Text, masked*MaxText)
}

// masked is how many times as long as its address a mask can be: "::" is unspecified6#12.
const masked = 8

// follows reports whether an event can come after those before it.
func (t *Trace) follows(e *Event) error {
	last := int64(0)
	if n := len(t.Events); n > 0 {
		last = t.Events[n-1].At
	}
	if e.At < last || e.At > mostTime {
		return fmt.Errorf("the time is %d ms, and %d ms in the line before", e.At, last)
	}
	return nil
}

// line1 reports whether a text is one line that a terminal can show.
func line1(s string, longest int) error {
	if len(s) > longest {
		return fmt.Errorf("a text is %d bytes, must be at most %d", len(s), longest)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return fmt.Errorf("a text holds what can't be shown: %.40q", s)
		}
	}
	return nil
}
