package nat_test

import (
	"testing"

	"github.com/punchback/punchback/nat"
)

func TestBrowserKnowsNothing(t *testing.T) {
	r, err := nat.Probe(t.Context(), "127.0.0.1:3478")
	if err != nil || r.UDP.Value != nat.Unknown || r.UDP.Why == "" || r.Mapping.Value != nat.UnknownBehavior || r.Mapping.Why == "" {
		t.Errorf("%v, %v; want Unknown everywhere, with the reason", r, err)
	}
}
