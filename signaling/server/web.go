package server

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// folder serves the files below a directory, which index.html stands for. Beside
// a file may be its encodings, as demo/web -export writes them: game.wasm.br and
// game.wasm.gz are sent to browsers that take them. Nothing is listed, and nothing
// is served whose name begins with a dot, or which is in a directory of such a
// name, or outside, whatever .. and symbolic links say.
type folder string

func (f folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	// The root is opened each time: what it names may have been exchanged for a newer one.
	root, err := os.OpenRoot(string(f))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer root.Close()
	name, err := inFolder(r.URL.Path)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	info, err := root.Stat(name)
	asDir := strings.HasSuffix(r.URL.Path, "/")
	isDir := err == nil && info.IsDir()
	if isDir {
		name = filepath.Join(name, "index.html")
		if info, err = root.Stat(name); err == nil && !asDir {
			to := url.URL{Path: path.Base(r.URL.Path) + "/", RawQuery: r.URL.RawQuery} // relative, as links in the page are
			w.Header().Set("Location", to.String())
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
	}
	if err != nil || !info.Mode().IsRegular() || asDir != isDir {
		http.NotFound(w, r)
		return
	}
	send(w, r, root, name, info)
}

// inFolder makes a name for the file system of a path.
func inFolder(p string) (string, error) {
	p = path.Clean("/" + p)
	if strings.Contains(p, "/.") {
		return "", errors.New("server: a hidden file")
	}
	return filepath.Localize(cmp.Or(p[1:], "."))
}

// suffixes are what the file of an encoding has behind its name.
var suffixes = map[string]string{"br": ".br", "gzip": ".gz"}

// send sends a file, encoded as the browser likes it best. Whoever asks for a part of
// it, or for what was sent before, is answered with the file itself.
func send(w http.ResponseWriter, r *http.Request, root *os.Root, name string, info fs.FileInfo) {
	h := w.Header()
	coding := ""
	if !asksFor(r, "Range", "If-Match", "If-Unmodified-Since") {
		coding = Negotiate(r.Header.Values("Accept-Encoding"), func(coding string) bool {
			there, err := root.Stat(name + suffixes[coding])
			return err == nil && there.Mode().IsRegular() && !there.ModTime().Before(info.ModTime())
		})
	}
	file, err := root.Open(name + suffixes[coding])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer file.Close()
	sent, err := file.Stat()
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if coding != "" {
		h.Set("Content-Encoding", coding)
		h.Set("Content-Length", strconv.FormatInt(sent.Size(), 10))
	}
	h.Set("Content-Type", kind(name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache") // to be asked for again: the files of a page belong together
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", fmt.Sprintf(`"%x-%x%s"`, sent.ModTime().UnixNano(), sent.Size(), suffixes[coding]))
	http.ServeContent(w, r, name, info.ModTime(), file)
}

func asksFor(r *http.Request, headers ...string) bool {
	for _, name := range headers {
		if r.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

// kinds are the types without which a browser runs nothing; machines have odd
// ideas of some.
var kinds = map[string]string{
	".wasm": "application/wasm",
	".js":   "text/javascript; charset=utf-8",
	".mjs":  "text/javascript; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
}

func kind(name string) string {
	ext := strings.ToLower(filepath.Ext(name))
	for _, k := range []string{kinds[ext], mime.TypeByExtension(ext)} {
		if k != "" {
			return k
		}
	}
	return "application/octet-stream"
}

// Negotiate picks a content coding, br before gzip before none (""), of those that
// there are and that Accept-Encoding headers take: one with q=0 is refused, and *
// stands for all that are not named.
func Negotiate(accept []string, have func(coding string) bool) string {
	takes := map[string]bool{}
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		value, weighted := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		q, err := strconv.ParseFloat(value, 64)
		takes[name] = !weighted || err == nil && q > 0
	}
	for _, coding := range []string{"br", "gzip"} {
		ok, named := takes[coding]
		if !named {
			ok = takes["*"]
		}
		if ok && have(coding) {
			return coding
		}
	}
	return ""
}
