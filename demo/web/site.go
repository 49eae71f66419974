package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/skip2/go-qrcode"

	"github.com/punchback/punchback/signaling/server"
)

//go:embed page
var pages embed.FS

var templates = template.Must(template.ParseFS(pages, "page/*.html"))

// page is what index.html is filled with.
type page struct {
	Title, Name string
	Root        string // before the names of files
	Wasm        string
	Size        int    // of the WASM, unpacked, for the progress bar
	Build       string // its hash
	Server      string // signaling server of an exported page
	FromLink    bool   // which a link may change
	Page        string // what links lead to when this page is open on a loopback address
	Live        bool   // served by this program, not exported
	Network     bool   // let the page shape what it sends by its query
}

// site is everything that is served on the one address: the pages, and the
// signaling server that they use.
type site struct {
	out            io.Writer
	query          url.Values // of the flags, for pages opened without a query of their own
	local          bool       // only this machine reaches it
	page           string     // the address that others come by, if any
	program        atomic.Pointer[program]
	live           live
	reports        reports
	*server.Server // signaling: it serves the mux where nobody asks for signaling
	mux            http.ServeMux
}

func newSite(o options, addr net.Addr, p *program, out io.Writer) (*site, error) {
	s := &site{out: out, query: o.query(), reports: reports{out: out}}
	s.program.Store(p)
	s.local = addr.(*net.TCPAddr).IP.IsLoopback()
	if urls := addresses(addr); len(urls) > 1 {
		s.page = urls[1] + "/"
	}
	s.mux.HandleFunc("GET /{$}", s.index)
	s.mux.HandleFunc("GET /{file}", s.file)
	s.mux.HandleFunc("GET /-/tabs", s.tabs)
	s.mux.HandleFunc("GET /-/qr", qr)
	for _, name := range []string{"live.js", "network.js"} {
		s.mux.HandleFunc("GET /-/"+name, func(w http.ResponseWriter, r *http.Request) { static(w, r, name) })
	}
	s.mux.Handle("GET /-/live", &s.live)
	s.mux.Handle("POST /-/report", &s.reports)
	s.live.publish(news{Build: p.id})

	turn := o.turn
	if turn == "" {
		host, _, _ := net.SplitHostPort(o.addr)
		turn = net.JoinHostPort(host, "0")
	}
	// Whoever is refused reads a sentence; the flag that would let them in is for the terminal.
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	proofs, err := server.Proofs("")
	if err != nil {
		log.Warn("who is in a room has to come anew after a restart", "why", err)
	}
	s.Server, err = server.New(server.Config{Addr: addr.String(), Public: o.public, Turn: turn, Fallback: &s.mux, Proofs: proofs, Log: log})
	return s, err
}

func (s *site) title() string {
	name := s.program.Load().name
	if s.local {
		return name + " (this machine only)"
	}
	return name
}

func (s *site) index(w http.ResponseWriter, r *http.Request) {
	if len(s.query) > 0 && r.URL.RawQuery == "" && r.Header.Get("Sec-Fetch-Dest") != "iframe" {
		http.Redirect(w, r, "/?"+s.query.Encode(), http.StatusFound)
		return
	}
	p := s.program.Load()
	render(w, r, "index.html", page{
		Title: s.title(), Name: p.name, Root: "/", Wasm: p.path(), Size: len(p.wasm), Build: p.id, Page: s.page, Live: true, Network: !p.shapes,
	})
}

func (s *site) file(w http.ResponseWriter, r *http.Request) {
	p := s.program.Load()
	switch "/" + r.PathValue("file") {
	case p.path():
		p.ServeHTTP(w, r)
	case "/page.js":
		static(w, r, "page.js")
	case "/wasm_exec.js":
		send(w, r, "wasm_exec.js", p.exec)
	default:
		http.NotFound(w, r)
	}
}

// tabs is a page with players side by side.
func (s *site) tabs(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil || n < 2 || n > 4 {
		http.Error(w, "n: want 2 to 4 players, such as /-/tabs?n=2", http.StatusBadRequest)
		return
	}
	render(w, r, "tabs.html", struct {
		Title, Build     string
		Players, Columns int
	}{s.title(), s.program.Load().id, n, 2})
}

// qr is a text as a picture that a phone reads.
func qr(w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("text")
	if text == "" || len(text) > 512 {
		http.Error(w, fmt.Sprintf("text: want 1 to 512 bytes, got %d", len(text)), http.StatusBadRequest)
		return
	}
	png, err := qrcode.Encode(text, qrcode.Low, -3)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	send(w, r, "qr.png", png)
}

func render(w http.ResponseWriter, r *http.Request, name string, data any) {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, r, name, out.Bytes())
}

func static(w http.ResponseWriter, r *http.Request, name string) {
	body, err := pages.ReadFile("page/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	send(w, r, name, body)
}

// send sends a small file that may be another next time.
func send(w http.ResponseWriter, r *http.Request, name string, body []byte) {
	sum := sha256.Sum256(body)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}
