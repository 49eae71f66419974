package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
)

// sample is a program big enough to be worth compressing.
func sample(t *testing.T) *program {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	var text bytes.Buffer
	for i := range 20000 {
		text.WriteString("a line of the sample that repeats itself, but not quite: ")
		text.WriteByte(byte(i * i >> 3))
	}
	return newProgram("sample", text.Bytes(), []byte("// exec"))
}

func get(h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEncodings(t *testing.T) {
	p := sample(t)
	p.compress()
	var quick int
	check := func(accept, encoding string, unpack func(io.Reader) (io.Reader, error)) int {
		t.Helper()
		w := get(p, p.path(), "Accept-Encoding", accept)
		size := w.Body.Len()
		h := w.Header()
		if h.Get("Content-Encoding") != encoding || h.Get("Content-Type") != "application/wasm" || h.Get("Vary") != "Accept-Encoding" || !strings.Contains(h.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: headers %v", accept, h)
		}
		r, err := unpack(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err != nil || !bytes.Equal(body, p.wasm) {
			t.Errorf("%s: %d bytes, %v: not what went in", accept, len(body), err)
		}
		again := get(p, p.path(), "Accept-Encoding", accept, "If-None-Match", h.Get("ETag"))
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: %d with %d bytes", accept, again.Code, again.Body.Len())
		}
		return size
	}
	unbrotli := func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil }
	plain := check("identity", "", func(r io.Reader) (io.Reader, error) { return r, nil })
	zipped := check("gzip", "gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
	quick = check("gzip, br", "br", unbrotli)
	if quick >= plain || zipped >= plain {
		t.Errorf("sizes: plain %d, gzip %d, brotli %d", plain, zipped, quick)
	}
	before := get(p, p.path(), "Accept-Encoding", "br").Header().Get("ETag")
	if err := p.improve(context.Background()); err != nil {
		t.Fatal(err)
	}
	if size := check("br", "br", unbrotli); size >= quick {
		t.Errorf("the best brotli has %d bytes, the quick one %d", size, quick)
	}
	if after := get(p, p.path(), "Accept-Encoding", "br").Header().Get("ETag"); after == before {
		t.Error("another body has the same ETag")
	}

	// The next start has the best one at once.
	next := newProgram("sample", p.wasm, nil)
	next.compress()
	if level := (*next.encoded.Load())["br"].level; level != best {
		t.Errorf("the next start serves level %d", level)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if err := newProgram("", []byte("other"), nil).improve(stopped); err != context.Canceled {
		t.Errorf("a compression that was given up: %v", err)
	}
}

func TestCacheIsBounded(t *testing.T) {
	sample(t)
	for i := range 20 {
		if err := keep(string(rune('a'+i)), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if files, _ := os.ReadDir(filepath.Dir(cached("a"))); len(files) != 16 {
		t.Errorf("%d files are kept", len(files))
	}
}

// serve is a site on a port of its own.
func serve(t *testing.T, args ...string) (*site, string, *lines) {
	t.Helper()
	o, err := parse(args, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	l, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := sample(t)
	p.compress()
	out := new(lines)
	s, err := newSite(o, l.Addr(), p, out)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s}
	done := make(chan struct{})
	go func() { defer close(done); server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		s.Close()
		<-done
		http.DefaultClient.CloseIdleConnections()
	})
	return s, "http://" + l.Addr().String(), out
}

// lines is a terminal that many may write to.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Whoever may not come in reads no flag; the developer, who has the terminal, does.
func TestTheTerminalHasTheFlag(t *testing.T) {
	_, url, out := serve(t)
	for _, c := range []struct{ host, origin, want string }{
		{"", "https://game.example", "origin \\\"https://game.example\\\" refused: signaling -origin https://game.example lets it in"},
		{"tunnel.example", "", "host \\\"tunnel.example\\\" refused at a loopback address: -public tunnel.example lets it in"},
	} {
		r, err := http.NewRequest("GET", url+"/pong", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol": "punchback.v1", "Origin": c.origin} {
			r.Header.Set(name, value)
		}
		r.Host = c.host
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		said := make([]byte, 300)
		n, _ := answer.Body.Read(said)
		answer.Body.Close()
		if said = said[:n]; n == 0 || bytes.Contains(said, []byte(" -")) {
			t.Errorf("%+v: told %q", c, said)
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("the terminal lacks %s:\n%s", c.want, out)
		}
	}
}

func TestPages(t *testing.T) {
	s, _, _ := serve(t)
	p := s.program.Load()
	index := get(s, "/")
	if body := index.Body.String(); index.Code != 200 || !strings.Contains(body, "<title>sample (this machine only)</title>") || !strings.Contains(body, p.path()) {
		t.Errorf("/: %d %s", index.Code, body)
	}
	for path, want := range map[string]struct {
		code int
		kind string
	}{
		p.path():                                 {200, "application/wasm"},
		"/0123.wasm":                             {404, "text/plain"},
		"/page.js":                               {200, "text/javascript"},
		"/wasm_exec.js":                          {200, "text/javascript"},
		"/-/live.js":                             {200, "text/javascript"},
		"/-/tabs?n=2":                            {200, "text/html"},
		"/-/tabs?n=99":                           {400, "text/plain"},
		"/-/qr?text=":                            {400, "text/plain"},
		"/-/qr?text=hi":                          {200, "image/png"},
		"/../main.go":                            {307, ""},
		"/page/page.js":                          {404, "text/plain"},
		"/?room=x&lag=80":                        {200, "text/html"},
		"/-/qr?text=" + strings.Repeat("x", 513): {400, "text/plain"},
	} {
		w := get(s, path)
		if w.Code != want.code && !(want.code == 307 && w.Code == 301) || !strings.HasPrefix(w.Header().Get("Content-Type"), want.kind) {
			t.Errorf("%.40s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
	}
	if _, err := png.Decode(get(s, "/-/qr?text=http://192.168.1.5:8080/").Body); err != nil {
		t.Errorf("the QR code: %v", err)
	}
	if again := get(s, "/", "If-None-Match", index.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("/ again: %d", again.Code)
	}

	bad, _, _ := serve(t, "-lag", "80", "-mute")
	if w := get(bad, "/"); w.Code != 302 || w.Header().Get("Location") != "/?lag=80&mute=1" {
		t.Errorf("/ with -lag: %d %s", w.Code, w.Header().Get("Location"))
	}
}

// A page of another site, whose name leads to this machine, gets nothing of what a
// site has (DNS rebinding); -public lets a name in.
func TestOtherSitesGetNothing(t *testing.T) {
	_, url, out := serve(t, "-public", "game.tunnel.example")
	ask := func(host, method, path string, header ...string) int {
		t.Helper()
		var body io.Reader
		if method == "POST" {
			body = strings.NewReader("said by " + host)
		}
		r, _ := http.NewRequest(method, url+path, body)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		r.Host = host
		r.Header.Set("Origin", "http://"+host)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="}
	for _, c := range []struct {
		method, path string
		want         int
		header       []string
	}{
		{"GET", "/", 200, nil}, {"GET", "/page.js", 200, nil}, {"GET", "/-/live", 200, nil}, {"GET", "/-/tabs?n=2", 200, nil}, {"GET", "/-/qr?text=hi", 200, nil},
		{"POST", "/-/report", 204, nil}, {"GET", "/metrics", 200, nil}, {"GET", "/healthz", 200, nil}, {"GET", "/pong", 101, upgrade},
	} {
		for _, host := range []string{"localhost:8080", "127.0.0.1", "game.tunnel.example"} {
			if got := ask(host, c.method, c.path, c.header...); got != c.want {
				t.Errorf("%s %s at %s: %d, want %d", c.method, c.path, host, got, c.want)
			}
		}
		if got := ask("evil.example", c.method, c.path, c.header...); got != http.StatusMisdirectedRequest {
			t.Errorf("%s %s at evil.example: %d", c.method, c.path, got)
		}
	}
	if said := out.String(); strings.Contains(said, "said by evil.example") || !strings.Contains(said, "said by localhost") {
		t.Errorf("the terminal: %s", said)
	}
}

func TestOthersAreInvited(t *testing.T) {
	o, _ := parse(nil, io.Discard)
	s, err := newSite(o, &net.TCPAddr{IP: net.IPv4zero, Port: 8080}, sample(t), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	body := get(s, "/").Body.String()
	if strings.Contains(body, "this machine only") {
		t.Error("a page that everybody reaches says that it is for this machine only")
	}
	if s.page != "" && !strings.Contains(strings.ReplaceAll(body, `\/`, "/"), `punchback.page = "`+s.page+`"`) {
		t.Errorf("links do not lead to %s:\n%s", s.page, body)
	}
}

func TestReports(t *testing.T) {
	s, url, out := serve(t)
	post := func(origin, body string) int {
		t.Helper()
		r, _ := http.NewRequest("POST", url+"/-/report", strings.NewReader(body))
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if code := post(url, "desync at frame 512: Players[1].Vel.X\x1b[2J\x07\nsecond line"); code != 204 {
		t.Errorf("a report: %d", code)
	}
	if got, want := out.String(), "page: desync at frame 512: Players[1].Vel.X[2J\npage: second line\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	for _, origin := range []string{"", "null", "http://evil.example", "http://127.0.0.1:1"} {
		if code := post(origin, "x"); code != http.StatusForbidden {
			t.Errorf("from %q: %d", origin, code)
		}
	}
	if code := post(url, strings.Repeat("x", maxReport+1)); code != http.StatusRequestEntityTooLarge {
		t.Errorf("too long: %d", code)
	}
	if w := get(s, "/-/report"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}

	var terminal bytes.Buffer
	limited := reports{out: &terminal}
	now := time.Now()
	printed := 0
	for range 1000 {
		if limited.print("x", now) {
			printed++
		}
	}
	if printed != reportBurst {
		t.Errorf("%d of 1000 at once were printed, want %d", printed, reportBurst)
	}
	if !limited.print("y", now.Add(time.Second)) || !strings.HasSuffix(terminal.String(), "page: … 980 reports more\npage: y\n") {
		t.Errorf("a second later: %q", terminal.String())
	}
	terminal.Reset()
	limited.print(strings.Repeat("\n", 100)+strings.Repeat("z\n", 100), now.Add(time.Minute))
	if n := strings.Count(terminal.String(), "\n"); n != maxLines+1 {
		t.Errorf("100 lines made %d", n)
	}
}

// TestRebuild saves a good, a bad and again a good program, and reads what an
// open page hears.
func TestRebuild(t *testing.T) {
	s, _, out := serve(t)
	dir := workspace(t, map[string]string{"main.go": hi})
	main := filepath.Join(dir, "main.go")
	t.Chdir(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // only against hanging
	defer cancel()
	b, err := newBuilder(ctx, ".", &meter{out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	p, _, err := b.build(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(p.wasm, []byte("\x00asm")) || !strings.Contains(string(p.exec), "Go = class") || p.name != "mine" {
		t.Fatalf("built %q: %d bytes, wasm_exec.js %d bytes", p.name, len(p.wasm), len(p.exec))
	}
	s.program.Store(p)
	s.live.publish(news{Build: p.id})
	watched := make(chan struct{})
	watching, stop := context.WithCancel(ctx)
	go func() { defer close(watched); s.watch(watching, b) }()
	defer func() { stop(); <-watched }()

	// hear asks, as a page does, until something else is said.
	var last news
	hear := func() news {
		t.Helper()
		for ; ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
			var n news
			if err := json.Unmarshal(get(s, "/-/live").Body.Bytes(), &n); err != nil {
				t.Fatal(err)
			}
			if n != last {
				last = n
				return n
			}
		}
		t.Fatal("nothing new is said")
		return news{}
	}
	if n := hear(); n.Build != p.id || n.Broken != "" {
		t.Errorf("at first: %+v", n)
	}
	write(t, main, strings.Replace(hi, "println", "printLine", 1))
	if n := hear(); n.Build != p.id || !strings.Contains(n.Broken, "main.go:3:15: undefined: printLine") {
		t.Errorf("broken: %+v", n)
	}
	write(t, main, strings.Replace(hi, `"hi"`, `"hello"`, 1))
	n := hear()
	if n.Build == p.id || n.Broken != "" {
		t.Errorf("mended: %+v", n)
	}
	if w := get(s, "/"+n.Build+".wasm"); w.Code != 200 {
		t.Errorf("the new build: %d", w.Code)
	}
	if !strings.Contains(out.String(), "undefined: printLine") || !strings.Contains(out.String(), "built again") {
		t.Errorf("the terminal: %s", out)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("the source has %d files now: %v", len(left), left)
	}
}
