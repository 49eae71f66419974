package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	glance = 500 * time.Millisecond // between two looks at the source
	settle = 20 * time.Second       // without a change before the best compression starts anew
)

// watch looks at the source until ctx ends, builds when it changed, and tells
// the open pages. A build that fails leaves the old one in place.
func (s *site) watch(ctx context.Context, b *builder) {
	improve := s.improve(ctx, 0)
	defer func() { improve() }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(glance):
		}
		now := b.list.stamp()
		if now == b.seen {
			continue
		}
		b.seen = now
		improve() // a save is a bad moment to lose a core
		p, t, err := b.build(ctx)
		if ctx.Err() != nil {
			return
		}
		old := s.program.Load()
		var words broken
		switch {
		case errors.As(err, &words):
			fmt.Fprint(s.out, "does not build, the old one goes on:\n", string(words))
			s.live.publish(news{Build: old.id, Broken: string(words)})
		case err != nil:
			fmt.Fprintln(s.out, "the old build goes on:", err)
			s.live.publish(news{Build: old.id, Broken: err.Error()})
		case p.id == old.id:
			s.live.publish(news{Build: old.id})
		default:
			p.compress()
			s.program.Store(p)
			fmt.Fprintf(s.out, "built again in %s\n", seconds(t.download+t.compile))
			s.live.publish(news{Build: p.id})
		}
		improve = s.improve(ctx, settle)
	}
}

// improve compresses the present build as well as can be, after a while. What
// it returns gives that up and waits for it.
func (s *site) improve(ctx context.Context, after time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	p := s.program.Load()
	go func() {
		defer close(done)
		select {
		case <-time.After(after):
			if err := p.improve(ctx); err != nil && ctx.Err() == nil {
				fmt.Fprintln(s.out, "the compressed game is not kept for the next start:", err)
			}
		case <-ctx.Done():
		}
	}()
	return func() { cancel(); <-done }
}

// stamp changes when a source file of the program does: its own and those of
// every package that is no release from the module cache.
func (l packages) stamp() string {
	h := fnv.New64a()
	look := func(file string) {
		if info, err := os.Stat(file); err == nil {
			fmt.Fprintln(h, file, info.Size(), info.ModTime().UnixNano())
		}
	}
	modules := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(l)) {
		p := l[path]
		if p.Standard || p.Module != nil && p.Module.released() {
			continue
		}
		if p.Module != nil && !modules[p.Module.GoMod] {
			modules[p.Module.GoMod] = true
			look(p.Module.GoMod)
		}
		files, _ := os.ReadDir(p.Dir)
		for _, f := range files {
			if name := f.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				look(filepath.Join(p.Dir, name))
			}
		}
		for _, f := range p.EmbedFiles {
			look(filepath.Join(p.Dir, f))
		}
	}
	return fmt.Sprint(h.Sum64())
}
