//go:build !js

package server_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/server"
)

// fetch asks as it is told to, undoes no encoding and follows no redirect. Header
// fields come in pairs.
func fetch(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer, string(body)
}

// page is a folder as -web serves it; the bodies say which file they are of.
func page(t *testing.T) (dir, url string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "page")
	past := time.Now().Add(-time.Hour)
	for name, body := range map[string]string{
		"index.html": "<p>front", "game.wasm": "the original", "game.wasm.br": "by brotli", "game.wasm.gz": "by gzip",
		"page.js": "js", "page.js.gz": "js by gzip", "style.css": "css", "style.css.br": "css of yesterday",
		"deep/index.html": "<p>deep", "bare/a.txt": "a", "odd.": "no type",
		".env": "secret", ".git/config": "secret", "deep/.git/config": "secret", "../outside.txt": "outside",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, past, past); err != nil {
			t.Fatal(err)
		}
	}
	older := past.Add(-time.Second)
	if err := os.Chtimes(filepath.Join(dir, "style.css.br"), older, older); err != nil {
		t.Fatal(err)
	}
	return dir, "http" + strings.TrimPrefix(start(t, server.Config{Web: dir}), "ws")
}

func TestFilesAreSentAsTheBrowserLikesThem(t *testing.T) {
	_, url := page(t)
	etags := map[string]string{}
	for _, c := range []struct{ path, accept, coding, kind, body string }{
		{"/game.wasm", "", "", "application/wasm", "the original"},
		{"/game.wasm", "gzip, deflate, br, zstd", "br", "application/wasm", "by brotli"},
		{"/game.wasm", "gzip, deflate", "gzip", "application/wasm", "by gzip"},
		{"/game.wasm", "br;q=0, gzip", "gzip", "application/wasm", "by gzip"},
		{"/game.wasm", "br;q=0, gzip;q=0", "", "application/wasm", "the original"},
		{"/page.js", "br, gzip", "gzip", "text/javascript; charset=utf-8", "js by gzip"},
		{"/style.css", "br, gzip", "", "text/css; charset=utf-8", "css"}, // what there is of br is older
		{"/", "br, gzip", "", "text/html; charset=utf-8", "<p>front"},
		{"/index.html", "br, gzip", "", "text/html; charset=utf-8", "<p>front"},
		{"/deep/", "br", "", "text/html; charset=utf-8", "<p>deep"},
		{"/odd.", "br", "", "application/octet-stream", "no type"},
	} {
		r, body := fetch(t, "GET", url+c.path, "Accept-Encoding", c.accept)
		h := r.Header
		if r.StatusCode != 200 || body != c.body || h.Get("Content-Encoding") != c.coding || h.Get("Content-Type") != c.kind ||
			h.Get("Vary") != "Accept-Encoding" || h.Get("Cache-Control") != "no-cache" || r.ContentLength != int64(len(c.body)) {
			t.Errorf("%s, %s: %s %q, %v", c.path, c.accept, r.Status, body, h)
		}
		at, err := http.ParseTime(h.Get("Last-Modified"))
		if err != nil || time.Since(at) < 50*time.Minute {
			t.Errorf("%s: Last-Modified %q", c.path, h.Get("Last-Modified"))
		}
		if other, ok := etags[c.path+h.Get("ETag")]; ok && other != body {
			t.Errorf("%s, %s: the ETag %s of %s", c.path, c.accept, h.Get("ETag"), other)
		}
		etags[c.path+h.Get("ETag")] = body
		for _, asked := range [][2]string{{"If-None-Match", h.Get("ETag")}, {"If-Modified-Since", h.Get("Last-Modified")}} {
			if r, body := fetch(t, "GET", url+c.path, "Accept-Encoding", c.accept, asked[0], asked[1]); r.StatusCode != http.StatusNotModified || body != "" || r.Header.Get("Vary") == "" {
				t.Errorf("%s, %s again, by %s: %s %q", c.path, c.accept, asked[0], r.Status, body)
			}
		}
		if r, body := fetch(t, "HEAD", url+c.path, "Accept-Encoding", c.accept); r.StatusCode != 200 || body != "" || r.ContentLength != int64(len(c.body)) || r.Header.Get("Content-Encoding") != c.coding {
			t.Errorf("HEAD %s, %s: %s %q, %v", c.path, c.accept, r.Status, body, r.Header)
		}
	}
}

// A part is one of the file itself: a browser that has the beginning of an
// encoding goes on with that only if it is told so, by the ETag.
func TestAPartIsNeverEncoded(t *testing.T) {
	_, url := page(t)
	part := func(header ...string) (*http.Response, string) {
		return fetch(t, "GET", url+"/game.wasm", append(header, "Accept-Encoding", "br, gzip")...)
	}
	whole, _ := part()
	for _, c := range []struct {
		status     int
		coding     string
		body       string
		byte, only string // Range, If-Range
	}{
		{206, "", "orig", "bytes=4-7", ""},
		{206, "", "nal", "bytes=-3", ""},
		{200, "", "the original", "bytes=4-7", whole.Header.Get("ETag")}, // that was of the br
		{416, "", "invalid range: failed to overlap\n", "bytes=99-", ""},
	} {
		header := []string{"Range", c.byte}
		if c.only != "" {
			header = append(header, "If-Range", c.only)
		}
		r, body := part(header...)
		if r.StatusCode != c.status || r.Header.Get("Content-Encoding") != c.coding || body != c.body {
			t.Errorf("%+v: %s %q %v", c, r.Status, body, r.Header)
		}
	}
	if r, body := part("If-Match", `"another"`); r.StatusCode != http.StatusPreconditionFailed || body != "" {
		t.Errorf("If-Match: %s %q", r.Status, body)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	dir, url := page(t)
	for link, to := range map[string]string{"way-out.txt": "../outside.txt", "way-out": "..", "inside.txt": "bare/a.txt"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "..", "outside.txt"), filepath.Join(dir, "index.html.br")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/inside.txt": "a", "/game.wasm?v=2": "by brotli", "//game.wasm": "by brotli", "/deep/../game.wasm": "by brotli",
		"/": "<p>front", // and not what index.html.br leads to
	} {
		if r, body := fetch(t, "GET", url+path, "Accept-Encoding", "br;q=0.5"); r.StatusCode != 200 || body != want {
			t.Errorf("%s: %s %q", path, r.Status, body)
		}
	}
	for _, path := range []string{
		"/.env", "/.git/config", "/deep/.git/config", "/.git/", "/%2egit/config", "/deep/%2e%2e/.env", "/deep/..%2f.env", "/.git%2fconfig",
		"/../outside.txt", "/..%2foutside.txt", "/deep/../../outside.txt", "/..%5coutside.txt", "/way-out.txt", "/way-out/outside.txt",
		"/bare/", "/bare", "/none", "/none/", "/game.wasm/", "/game.wasm/x", "/game.wasm%00.js",
	} {
		if r, body := fetch(t, "GET", url+path); r.StatusCode != http.StatusNotFound || body != "404 page not found\n" {
			t.Errorf("%s: %s %q", path, r.Status, body)
		}
	}
	if r, _ := fetch(t, "GET", url+"/deep?room=fox"); r.StatusCode != http.StatusMovedPermanently || r.Header.Get("Location") != "deep/?room=fox" {
		t.Errorf("/deep: %s to %q", r.Status, r.Header.Get("Location"))
	}
	if r, _ := fetch(t, "POST", url+"/"); r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %s", r.Status)
	}

	// A folder that is exchanged for another while the server runs is the other.
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if r, _ := fetch(t, "GET", url+"/"); r.StatusCode != http.StatusNotFound {
		t.Errorf("without the folder: %s", r.Status)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, body := fetch(t, "GET", url+"/"); body != "new" {
		t.Errorf("the new folder: %q", body)
	}
}

func TestNegotiate(t *testing.T) {
	both := func(string) bool { return true }
	for accept, want := range map[string]string{
		"":                         "",
		"gzip, deflate, br, zstd":  "br",
		"gzip, deflate":            "gzip",
		"br;q=0, gzip":             "gzip",
		"br;q=0.0, gzip; q=0":      "",
		"*":                        "br",
		"br;q=0, *;q=0.5":          "gzip",
		"identity":                 "",
		"BR":                       "br",
		"*;q=0":                    "",
		"gzip;q=nonsense":          "",
		"brotli, x-gzip, vibrator": "",
	} {
		if got := server.Negotiate([]string{accept}, both); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
	if got := server.Negotiate([]string{"br", "gzip"}, func(coding string) bool { return coding == "gzip" }); got != "gzip" {
		t.Errorf("without br, over two headers: %q", got)
	}
}
