package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/punchback/punchback/signaling/server"
)

// program is one build of a game, in every encoding it is served in.
type program struct {
	name     string
	shapes   bool   // it puts lag, jitter and loss on what it sends by itself, and so can change them while it runs
	id       string // of the content, so that a page may keep it for ever
	wasm     []byte
	exec     []byte // wasm_exec.js
	encoded  atomic.Pointer[map[string]encoding]
	swapping sync.Mutex
}

// encoding is the WASM as a Content-Encoding; level tells better from quick.
type encoding struct {
	level int
	body  []byte
}

const best = 11 // brotli's

func newProgram(name string, wasm, exec []byte) *program {
	sum := sha256.Sum256(wasm)
	p := &program{name: name, id: hex.EncodeToString(sum[:8]), wasm: wasm, exec: exec}
	p.encoded.Store(&map[string]encoding{})
	return p
}

func (p *program) path() string { return "/" + p.id + ".wasm" }

// compress makes what can be had at once: the best from an earlier run, or
// quick ones, side by side.
func (p *program) compress() {
	var wait sync.WaitGroup
	wait.Go(func() {
		if body, err := os.ReadFile(cached(p.id)); err == nil && len(body) > 0 {
			p.swap("br", best, body)
			return
		}
		var out bytes.Buffer
		w := brotli.NewWriterLevel(&out, 5)
		_, _ = w.Write(p.wasm)
		w.Close()
		p.swap("br", 5, out.Bytes())
	})
	wait.Go(func() { p.swap("gzip", 5, gzipped(p.wasm, 5)) })
	wait.Wait()
}

// improve makes the best encoding, in the background and only once per content:
// it takes a core for most of a minute. It gives up when ctx ends.
func (p *program) improve(ctx context.Context) error {
	if (*p.encoded.Load())["br"].level == best {
		return nil
	}
	var body []byte
	err := quietly(func() (err error) {
		body, err = p.brotli(ctx)
		return err
	})
	if body != nil {
		p.swap("br", best, body)
	}
	return err
}

// brotli is the best one of the WASM, from an earlier run or made now. It is there
// with an error, too, if it can only not be kept for the next.
func (p *program) brotli(ctx context.Context) ([]byte, error) {
	if body, err := os.ReadFile(cached(p.id)); err == nil && len(body) > 0 {
		return body, nil
	}
	body, err := brotlied(ctx, p.wasm)
	if err == nil {
		err = keep(p.id, body)
	}
	return body, err
}

// brotlied is the best brotli of a body, unless ctx ends before it is made.
func brotlied(ctx context.Context, body []byte) ([]byte, error) {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, best)
	for chunk := range slices.Chunk(body, 64<<10) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		_, _ = w.Write(chunk)
	}
	w.Close()
	return out.Bytes(), nil
}

func gzipped(body []byte, level int) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, level)
	_, _ = w.Write(body)
	w.Close()
	return out.Bytes()
}

// swap puts an encoding in place of a quicker one.
func (p *program) swap(name string, level int, body []byte) {
	p.swapping.Lock()
	defer p.swapping.Unlock()
	next := map[string]encoding{name: {level, body}}
	for k, v := range *p.encoded.Load() {
		if k != name {
			next[k] = v
		}
	}
	p.encoded.Store(&next)
}

// ServeHTTP sends the WASM as the browser likes it best. The path holds the
// content's hash, so it never has to be asked for again.
func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	encoded := *p.encoded.Load()
	name := server.Negotiate(r.Header.Values("Accept-Encoding"), func(coding string) bool { _, there := encoded[coding]; return there })
	body := p.wasm
	etag := `"` + p.id + `"`
	h := w.Header()
	if name != "" {
		body = encoded[name].body
		etag = `"` + p.id + "-" + name + strconv.Itoa(encoded[name].level) + `"`
		h.Set("Content-Encoding", name)
	}
	h.Set("Content-Type", "application/wasm")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", etag)
	if slices.Contains(strings.Split(strings.ReplaceAll(r.Header.Get("If-None-Match"), " ", ""), ","), etag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// cached is where the best encoding of a content is kept between runs.
func cached(id string) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "punchback", "web", id+".br")
}

// keep stores the best encoding, and forgets all but the newest few.
func keep(id string, body []byte) error {
	file := cached(id)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(file), "part-")
	if err != nil {
		return err
	}
	_, err = io.Copy(part, bytes.NewReader(body))
	if cerr := part.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		os.Remove(part.Name())
		return err
	}
	const most = 16
	files, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.br"))
	slices.SortFunc(files, func(a, b string) int { return modified(b).Compare(modified(a)) })
	for _, old := range files[min(most, len(files)):] {
		os.Remove(old)
	}
	return nil
}

func modified(file string) (t time.Time) {
	if info, err := os.Stat(file); err == nil {
		t = info.ModTime()
	}
	return t
}
