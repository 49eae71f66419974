package netcodetest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/plain"
)

func TestGolden(t *testing.T) {
	Golden(t, func(netcode.Terms) netcode.Game { return plain.New(new(state), step) }, 2, "testdata/ball.replay")
}

// What comes out differently is named with its file, frame and field, until it
// is accepted.
func TestGoldenSeesAChange(t *testing.T) {
	if *rewrite {
		t.Skip("everything is accepted now")
	}
	defer func() { *rewrite = false }()
	name := filepath.Join(t.TempDir(), "new", "x.replay")
	rules := int64(0)
	run := func(accept bool) string {
		*rewrite = accept
		w := &witness{TB: t}
		Golden(w, func(terms netcode.Terms) netcode.Game {
			if terms.Players != 2 {
				t.Errorf("the terms are %+v", terms)
			}
			return plain.New(new(state), func(s *state, in []netcode.Input) {
				step(s, in)
				if s.Tick > 100 {
					s.Balls[1].X += rules
				}
			})
		}, 2, name)
		return w.said
	}
	if said := run(false); !strings.Contains(said, "x.replay") || !strings.Contains(said, "-netcode.rewrite") {
		t.Errorf("without a file: %q", said)
	}
	if said := run(true) + run(false); said != "" {
		t.Errorf("a new file: %q", said)
	}
	rules = 1
	if said := run(false); !strings.Contains(said, "desync at frame 110") || !strings.Contains(said, "x.replay") || !strings.Contains(said, "frame 100 was equal") {
		t.Errorf("other rules: %q", said)
	}
	if said := run(true) + run(false); said != "" {
		t.Errorf("accepted rules: %q", said)
	}
	rules = 0
	if said := run(false); !strings.Contains(said, "desync at frame 110") {
		t.Errorf("the old rules: %q", said)
	}
}
