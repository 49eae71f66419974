package protocol

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Check tells what is wrong with what a leader wants of a room; nil is nothing.
func (r *Room) Check() error {
	if r == nil {
		return nil
	}
	if len(r.Data) > MaxData {
		return fmt.Errorf("protocol: room data of %d bytes, the limit is %d", len(r.Data), MaxData)
	}
	if len(r.Meta) > MaxMeta {
		return fmt.Errorf("protocol: meta has %d keys, the limit is %d", len(r.Meta), MaxMeta)
	}
	for _, k := range slices.Sorted(maps.Keys(r.Meta)) {
		if err := checkKey("meta", k); err != nil {
			return err
		}
		if v := r.Meta[k]; len(v) > MaxValue {
			return fmt.Errorf("protocol: meta %s is %d bytes, the limit is %d", k, len(v), MaxValue)
		} else if strings.ContainsFunc(v, unicode.IsControl) {
			return fmt.Errorf("protocol: meta %s is %q, control characters have no place in it", k, v)
		}
	}
	return nil
}

// CheckNear tells what is wrong with the places of a Hello.
func CheckNear(near map[string]int) error {
	if len(near) > MaxNear {
		return fmt.Errorf("protocol: near has %d places, the limit is %d", len(near), MaxNear)
	}
	for _, k := range slices.Sorted(maps.Keys(near)) {
		if err := checkKey("near", k); err != nil {
			return err
		}
		if ms := near[k]; ms < 0 || ms > MaxFar {
			return fmt.Errorf("protocol: near %s is %d ms, must be 0 to %d", k, ms, MaxFar)
		}
	}
	return nil
}

// Check tells what is wrong with a query; nil is nothing.
func (q *Query) Check() error {
	if q == nil {
		return nil
	}
	if len(q.Where) > MaxTerms {
		return fmt.Errorf("protocol: query has %d conditions, the limit is %d", len(q.Where), MaxTerms)
	}
	for _, t := range q.Where {
		if err := checkKey("query", t.Key); err != nil {
			return err
		}
		if len(t.Is) > MaxValue {
			return fmt.Errorf("protocol: query %s is %d bytes, the limit is %d", t.Key, len(t.Is), MaxValue)
		}
	}
	if q.Limit < 0 || q.Limit > MaxList {
		return fmt.Errorf("protocol: query limit is %d, must be 1 to %d", q.Limit, MaxList)
	}
	if q.Sort != "" {
		return checkKey("query sort", strings.TrimPrefix(q.Sort, "-"))
	}
	return nil
}

func checkKey(what, k string) error {
	if k == "" || len(k) > MaxKey || strings.Trim(k, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return fmt.Errorf("protocol: %s key %.32q: want 1 to %d of a-z, 0-9 and _", what, k, MaxKey)
	}
	return nil
}

// Letters are what a code that the server makes consists of: easy to say and
// hard to mistake; without vowels they make no words.
const Letters = "BCDFGHJKMNPQRSTVWXYZ23456789"

// MinSpoken and MaxSpoken are how many of them there are in one: the more rooms
// there are the more letters have their codes, so that hardly any guess is right.
const (
	MinSpoken = 5
	MaxSpoken = 8
)

// Spoken reports whether a code looks like those that the server makes. They
// are short enough to be guessed, so such a room is made by the server alone,
// and who may not come in is told no more than that: a guess that fails says
// nothing about what there is. A name that somebody chose is made by whoever
// comes first.
func Spoken(code string) bool {
	return MinSpoken <= len(code) && len(code) <= MaxSpoken && strings.Trim(strings.ToUpper(code), Letters) == ""
}
