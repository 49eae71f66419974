package punch

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// A signal tells the other end everything that it may lack. Signals can be
// lost, doubled and reordered: each is of one attempt, candidates are a set,
// and descriptions are said again until the link is open.
type signal struct {
	From       uint64        `json:"from,omitempty"`   // the Link that speaks: another one at the other end starts anew
	Attempt    uint64        `json:"attempt"`          // chosen by the end that offers; a higher one replaces a lower one. 0: "offer me one"
	Again      uint64        `json:"again,omitempty"`  // "offer me another path than that of this attempt", of a link that is open
	Direct     bool          `json:"direct,omitempty"` // of an offer: without relays, since a relayed path is there
	Go         bool          `json:"go,omitempty"`     // of the end that offers: both begin now
	Round      uint64        `json:"round,omitempty"`  // of an offer: over the sockets that met in this round, see birthday
	Birthday   *birthdayWord `json:"luck,omitempty"`   // and nothing else
	SDP        string        `json:"sdp,omitempty"`    // the offer or the answer of this attempt
	Candidates []candidate   `json:"cand,omitempty"`   // some or all so far
}

// What the other end can make us keep of its signals.
const (
	maxSignal     = 48 << 10 // bytes
	maxCandidates = 48       // of one attempt
	maxCandidate  = 512      // bytes
)

func (s *signal) encode() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic("punch: a signal can't be encoded: " + err.Error()) // it holds nothing that could fail
	}
	return b
}

func decodeSignal(b []byte) (*signal, error) {
	if len(b) > maxSignal {
		return nil, fmt.Errorf("punch: signal is %d bytes, must be at most %d", len(b), maxSignal)
	}
	s := new(signal)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("punch: signal: %w", err)
	}
	s.apart()
	if len(s.Candidates) > maxCandidates {
		return nil, fmt.Errorf("punch: candidates in a signal are %d, must be at most %d", len(s.Candidates), maxCandidates)
	}
	if s.Birthday != nil {
		if err := s.Birthday.check(); err != nil {
			return nil, err
		}
	}
	for _, c := range s.Candidates {
		if len(c.Text) > maxCandidate || len(c.Mid) > 32 {
			return nil, fmt.Errorf("punch: a candidate is %d bytes, must be at most %d", len(c.Text), maxCandidate)
		}
		if strings.ContainsFunc(c.Text, func(r rune) bool { return !unicode.IsPrint(r) }) { // people read candidates in reports
			return nil, errors.New("punch: a candidate holds what cannot be shown")
		}
	}
	return s, nil
}

// apart takes the candidates out of the description: the stack is to have those
// alone that it is handed one by one.
func (s *signal) apart() {
	if !strings.Contains(s.SDP, "a=candidate") {
		return
	}
	lines := strings.FieldsFunc(s.SDP, func(r rune) bool { return r == '\r' || r == '\n' })
	mid := "0"
	for _, line := range lines {
		if m, ok := strings.CutPrefix(line, "a=mid:"); ok {
			mid = m
		}
	}
	var rest strings.Builder
	for _, line := range lines {
		if strings.HasPrefix(line, "a=candidate") {
			s.Candidates = append(s.Candidates, candidate{line[len("a="):], mid})
		} else {
			rest.WriteString(line + "\r\n")
		}
	}
	s.SDP = rest.String()
}
