package punch

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/trace"
)

// Each story is of one open link: what upkeep sees of it, every 200 ms from the step
// before on, and what it says and wants in that time, with when that was.
func TestUpkeepStories(t *testing.T) {
	type step struct {
		until string // since the link moved
		see   sight
		want  string
	}
	const busy = 60 // packets a second
	well := sight{network: "home"}
	relayed := sight{network: "home", relayed: true, better: true}
	silent := sight{network: "home", silence: time.Second}
	for name, steps := range map[string][]step{
		"nothing to do": {{"1m", well, ""}},
		"a relayed path, and the direct one is tried less and less often": {
			{"3m", relayed, "1.2s direct; 3.2s direct; 7.2s direct; 15.2s direct; 31.2s direct; 1m3.2s direct; 2m3.2s direct"},
		},
		"while an attempt goes on there is no other": {
			{"2s", sight{network: "home", relayed: true, better: true, trying: true}, ""},
			{"4s", relayed, "3.2s direct"},
		},
		"the other end may be the one to try it": {{"1m", sight{network: "home", relayed: true}, ""}},
		"silence, and its end": {
			{"3s", well, ""},
			{"9s", silent, "3.2s silent; 3.2s another; 6.2s another"},
			{"10s", well, "9.2s audible"},
			{"1m", well, ""},
		},
		"silence that lasts": {
			{"3s", well, ""},
			{"40s", silent, "3.2s silent; 3.2s another; 6.2s another; 12.2s another; 18.2s another; 24.2s another; 30.2s another; 36.2s another"},
		},
		"another network": {
			{"3s", well, ""},
			{"5s", sight{network: "street"}, "3.2s network; 3.2s silent; 3.2s another; 3.4s audible"},
		},
		"the relay is no server of ours any more": {
			{"3s", relayed, "1.2s direct"},
			{"20s", sight{network: "home", relayed: true, better: true, outdated: true}, "3.2s silent; 3.2s another; 6.2s another; 12.2s another"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var u upkeep
			now, heard := start0, uint64(0)
			u.move(heard, now)
			for i, s := range steps {
				until, err := time.ParseDuration(s.until)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for now.Sub(start0) < until {
					now = now.Add(200 * time.Millisecond)
					if s.see.silence == 0 {
						heard += busy / 5
					}
					s.see.heard = heard
					at := now.Sub(start0)
					for _, e := range u.watch(s.see, now) {
						got = append(got, fmt.Sprint(at, " ", map[trace.Kind]string{trace.Network: "network", trace.Silent: "silent", trace.Audible: "audible"}[e.Kind]))
					}
					if r := u.remedy(s.see, now); r != nothing {
						got = append(got, fmt.Sprint(at, " ", []string{"", "another", "direct"}[r]))
						u.tried(s.see, now)
					}
				}
				if got := strings.Join(got, "; "); got != s.want {
					t.Fatalf("step %d: %q, want %q", i+1, got, s.want)
				}
			}
		})
	}
}

// A link on which little comes is not silent when nothing does.
func TestUpkeepKnowsWhoIsQuiet(t *testing.T) {
	var u upkeep
	u.move(0, start0)
	for at := time.Duration(0); at < time.Minute; at += 200 * time.Millisecond {
		s := sight{heard: uint64(at / time.Second), silence: time.Second}
		if said := u.watch(s, start0.Add(at)); len(said) > 0 {
			t.Fatalf("after %v: %v", at, said)
		}
	}
}

// New servers are a reason to try at once, where nothing is heard.
func TestUpkeepTriesNewServers(t *testing.T) {
	u := upkeep{silent: true, next: start0.Add(time.Hour), looked: start0}
	s := sight{silence: time.Minute}
	if u.watch(s, start0); u.remedy(s, start0) != nothing {
		t.Error("another path is tried before its time")
	}
	u.renew()
	if u.watch(s, start0); u.remedy(s, start0) != another {
		t.Error("new servers are not tried")
	}
}
