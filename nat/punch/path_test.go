package punch

import (
	"slices"
	"testing"
)

// A trial becomes the current path, which stays for a while as the previous one; what
// was previous before is spent.
func TestPathsMove(t *testing.T) {
	var ps paths
	pipes := make([]*pipe, 5)
	for i := 1; i < len(pipes); i++ {
		pipes[i] = new(pipe)
		p, old := ps.try(uint64(i))
		if old != nil || ps.trying() {
			t.Fatalf("trial %d begins with one that goes on", i)
		}
		if p.pipe = pipes[i]; !ps.trying() || !ps.have(p) {
			t.Fatalf("trial %d does not go on", i)
		}
		if moved := ps.move(); moved != (i > 1) || ps.trying() || ps.current != p {
			t.Fatalf("path %d is not current, or moved %t", i, moved)
		}
	}
	if ps.previous.attempt != 3 || !slices.Equal(ps.spent, pipes[1:3]) {
		t.Errorf("path %d is previous, %d are spent", ps.previous.attempt, len(ps.spent))
	}
	if old := ps.retire(false); !slices.Equal(old, pipes[1:3]) || ps.previous == nil {
		t.Errorf("%d are retired at first", len(old))
	}
	if old := ps.retire(true); !slices.Equal(old, pipes[3:4]) || ps.previous != nil {
		t.Errorf("%d are retired once it has lingered", len(old))
	}
	if old := ps.retire(true); len(old) != 0 {
		t.Errorf("%d are retired of one", len(old))
	}
}

// Of a trial that is given up nothing is heard any more, and its pipe is to be closed.
func TestPathsDropATrial(t *testing.T) {
	var ps paths
	first, _ := ps.try(1)
	first.pipe = new(pipe)
	second, old := ps.try(2)
	if old != first.pipe || ps.have(first) || !ps.have(second) {
		t.Error("a trial stays beside the next")
	}
	if old := ps.drop(); old != nil || ps.have(second) { // It has no pipe yet.
		t.Error("a trial stays that was dropped")
	}
	if ps.have(nil) {
		t.Error("no path is one")
	}
}

// A path is outdated when servers have come none of which can be its relay.
func TestPathsOutdated(t *testing.T) {
	var ps paths
	if ps.outdated() {
		t.Error("no path is outdated")
	}
	ps.try(1)
	ps.era++ // while it was made
	ps.move()
	if !ps.outdated() {
		t.Error("a path of older servers is not outdated")
	}
	ps.try(2)
	ps.move()
	if ps.outdated() {
		t.Error("a new path is outdated")
	}
}

// At the end all pipes are to be closed.
func TestPathsEnd(t *testing.T) {
	var ps paths
	for i := range 5 {
		p, _ := ps.try(uint64(i))
		if p.pipe = new(pipe); i < 4 {
			ps.move()
		}
	}
	p := ps.current
	if old := ps.end(); len(old) != 5 || ps.have(p) {
		t.Errorf("%d of 5 pipes are to be closed", len(old))
	}
}
