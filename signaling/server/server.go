// Package server is the signaling service as an http.Handler: WebSockets around a lobby,
// beside the embedded STUN and TURN server. It never carries a game's packets: those go from
// player to player. It is not for the browser.
package server

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/others"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/relay"
)

// tick is the lobby's unit of time.
const tick = time.Second / 4

// Server is the signaling service. It is an http.Handler.
type Server struct {
	cfg      Config
	log      *slog.Logger
	origins  origins
	foreign  seldom // origins that are refused
	hosts    *hosts
	web      http.Handler
	relay    *relay.Relay // nil: off
	others   *others.Relays
	route    *route // nil: this server is alone
	metrics  *metrics
	guard    *guard
	arrivals *arrivals // of Run

	mu       sync.Mutex // guards everything below; see unlock
	lobby    rooms
	books    *lobby.Books // of what that keeps
	conns    map[lobby.Conn]*conn
	last     lobby.Conn
	closed   bool
	draining bool     // see Drain
	ready    *conn    // the first of those that have something to be sent when the lock is let go of
	unsent   int      // bytes that wait, see conn.hold
	text     []byte   // the last message
	spare    [][]byte // queues that are not in use

	done chan struct{}
	wg   sync.WaitGroup // every goroutine of this server
}

// New makes a Server that is ready to serve; Close ends it. It listens on
// nothing but the Turn address: for the rest there is Run.
func New(cfg Config) (*Server, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, log: cfg.Log, web: cfg.Fallback,
		conns: map[lobby.Conn]*conn{},
		spare: make([][]byte, 0, 64),
		done:  make(chan struct{}),
		books: lobby.NewBooks(),
	}
	settle := max(0, int(cfg.Limits.Settle/tick))
	if cfg.Cluster != nil {
		settle = 0 // Nodes hold newcomers back themselves.
	}
	var count func() int
	if cfg.Cluster != nil {
		count = func() int { rooms, _ := s.lobby.Count(); return rooms }
	}
	empty := func() *lobby.Lobby {
		return lobby.New(lobby.Limits{
			Settle:    settle,
			Since:     time.Now().UnixNano() / int64(tick),
			Key:       s.cfg.Proofs,
			Knows:     s.cfg.proven,
			Notes:     cfg.Cluster != nil,
			Rooms:     cfg.Limits.Rooms,
			Count:     count,
			Grace:     int(cfg.Limits.Grace / tick),
			PlayGrace: int(cfg.Limits.Play / tick),
			Patience:  int(cfg.Limits.Patience / tick),
			Doubt:     int(cfg.Limits.Doubt / tick),
			Share:     cfg.Limits.AddressKept,
			Kept:      cfg.Limits.Kept,
			Books:     s.books,
			Forgot:    func(what lobby.Forgotten) { s.metrics.forgotten.WithLabelValues(string(what)).Inc() },
		}, random)
	}
	s.lobby = empty()
	var err error
	if s.origins, err = parseOrigins(cfg.Origins); err != nil {
		return nil, err
	}
	if s.relay, err = s.cfg.listenRelay(); err != nil {
		return nil, err
	}
	s.others = others.Start(cfg.Others, s.log)
	s.foreign = seldom{log: s.log, level: slog.LevelWarn}
	s.hosts = newHosts(&s.cfg)
	s.metrics = newMetrics(s)
	s.guard = newGuard(&s.cfg.Limits, cfg.Proxies, time.Now())
	s.arrivals = newArrivals(s)
	if s.web == nil && cfg.Web != "" {
		s.web = folder(cfg.Web)
	} else if s.web == nil {
		s.web = http.HandlerFunc(about)
	}
	if cfg.Cluster != nil {
		if err = s.join(cfg.Cluster, empty); err != nil {
			s.others.Close()
			if s.relay != nil {
				s.relay.Close()
			}
			return nil, err
		}
	}
	s.wg.Go(s.tick)
	return s, nil
}

// Close disconnects everybody and waits until all is quiet. Games that are
// being played go on: their links do not pass through here.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	handed := s.draining
	s.closed, s.draining = true, true
	s.dismiss()
	if !handed {
		s.hand()
	}
	s.unlock()
	if first {
		close(s.done)
		s.part()
	}
	s.wg.Wait()
	s.others.Close()
	if first && s.relay != nil {
		return s.relay.Close()
	}
	return nil
}

// ServeHTTP answers WebSockets, /healthz, /readyz, to this machine and its network
// /metrics, and leaves the rest to Fallback. A request that comes in at a loopback
// address must name this machine in its Host header, or Public, or a host of
// Autocert, or be passed on by one of Proxies; else the answer is 421, so that no
// page of another site can make a browser on this machine ask in its name.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.hosts.refuse(w, r):
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		s.accept(w, r)
	case r.URL.Path == "/healthz":
		s.health(w, false)
	case r.URL.Path == "/metrics" && inside(r):
		s.metrics.handler.ServeHTTP(w, r)
	case r.URL.Path == "/readyz":
		s.health(w, true)
	default:
		s.web.ServeHTTP(w, r)
	}
}

// health reports whether the service lives, or also whether to send it players.
func (s *Server) health(w http.ResponseWriter, ready bool) {
	s.mu.Lock()
	closed, why := s.closed || ready && s.draining, "closing"
	if ready && !closed && !s.usable() {
		closed, why = true, "cut off from the other servers: is NATS there?"
	}
	rooms, members := s.lobby.Count()
	sockets := len(s.conns)
	var slots []string
	servers := 0
	if s.route != nil {
		slots, servers = s.route.node.Slots(), s.route.node.Servers()
	}
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	if closed {
		http.Error(w, why, http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "ok\nrooms %d\nmembers %d\nsockets %d\n", rooms, members, sockets)
	if s.route != nil {
		fmt.Fprintf(w, "servers %d\nslots %s\n", servers, strings.Join(slots, " "))
	}
}

func about(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, "Punchback signaling: games meet here by WebSocket at /GAME or /GAME/CODE.\n")
}

// accept makes a WebSocket of every request, also of those that are refused:
// a browser shows its page no HTTP status, only messages.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) {
	code, why := s.refusal(r)
	offered := strings.Split(r.Header.Get("Sec-WebSocket-Protocol"), ",")
	speak := ""
	for _, p := range offered {
		if p = strings.TrimSpace(p); speak == "" || p == protocol.Version {
			speak = p // Ours if it is there, else any: without an answer a browser gives up in silence.
		}
	}
	if speak != protocol.Version {
		code = protocol.CodeVersion
		why = fmt.Sprintf("this server speaks %s and you speak %q: update the game, or the server", protocol.Version, strings.Join(offered, ","))
	}
	place, err := protocol.ParsePlace(r.URL.Path, r.URL.Query().Get("players"), r.URL.Query().Has("new"))
	if err != nil && code == "" {
		code, why = protocol.CodePlace, err.Error()
	}

	answer, wrong := handshake(r, speak)
	hijacker, ok := w.(http.Hijacker)
	if !ok || wrong != "" {
		http.Error(w, "no WebSocket: "+wrong, http.StatusBadRequest)
		return
	}
	now := time.Now()
	source, tired, wrong, ok := s.guard.enter(s.guard.address(r), now)
	if !ok {
		s.metrics.drops.WithLabelValues(dropCrowd).Inc()
		http.Error(w, "too many connections from your address", http.StatusTooManyRequests)
		return
	}
	if tired != "" && code == "" {
		code, why = tired, wrong
	}
	c := &conn{server: s, place: place, host: r.Host, source: source}
	if code == "" && s.cfg.Admit != nil {
		if err := s.admit(r, place); err != nil {
			code, why = protocol.CodeAdmit, err.Error()
		}
	}
	s.mu.Lock()
	crowd := len(s.conns) >= 2*s.cfg.Limits.Sockets // too many even to be told
	if crowd || s.draining || !s.usable() {         // or others know better
		s.mu.Unlock()
		c.source.leave(now)
		if crowd {
			s.metrics.drops.WithLabelValues(dropCrowd).Inc()
		}
		http.Error(w, "closing or busy", http.StatusServiceUnavailable)
		return
	}
	if len(s.conns) >= s.cfg.Limits.Sockets && code == "" {
		code, why = protocol.CodeBusy, fmt.Sprintf("the server has its %d connections, try again later", s.cfg.Limits.Sockets)
	}
	s.last++
	c.id = s.last
	s.conns[c.id] = c
	s.wg.Add(1) // for the read loop
	s.mu.Unlock()

	tcp, early, err := hijacker.Hijack()
	if err == nil {
		said, _ := early.Reader.Peek(early.Reader.Buffered())
		c.socket = newSocket(tcp, bytes.Clone(said))
		if _, err = c.Write([]byte(answer)); err != nil {
			c.Close()
		}
	}
	if err != nil {
		s.forget(c, "lost")
		s.wg.Done()
		return
	}
	if code != "" {
		s.log.Debug("refused", "conn", c.id, "from", s.guard.address(r), "code", code, "why", why)
	}
	s.mu.Lock()
	c.open = true
	if len(c.queue) > 0 || c.ending {
		c.flush()
	}
	s.unlock()
	c.wait(time.Now(), s.cfg.Limits.Hello)
	if code != "" {
		c.refuse(code, why)
	}
	go c.run() // The goroutine of net/http has too large a stack to stay.
}

// admit asks whoever embeds this server, for some seconds at most.
func (s *Server) admit(r *http.Request, p protocol.Place) error {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	return s.cfg.Admit(ctx, r, p)
}

// debug logs what happens to a connection, and costs nothing where nobody reads it.
func (s *Server) debug(what string, c *conn, more ...string) {
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		l := s.log.With("conn", c.id, "game", c.place.Game, "member", c.self)
		for i := 0; i+1 < len(more); i += 2 {
			l = l.With(more[i], more[i+1])
		}
		l.Debug(what)
	}
}

// forget takes a connection that has ended off the books.
func (s *Server) forget(c *conn, why string) {
	c.source.leave(time.Now())
	s.mu.Lock()
	defer s.unlock()
	s.debug("gone", c, "why", why)
	delete(s.conns, c.id)
	c.hold(-c.half)
	if !c.open { // Nobody sends it.
		c.owe(-len(c.queue))
		c.queue = nil
	}
	s.deliver(s.lobby.Lost(c.id))
}

// leave ends what is relayed for a member that is no more in its room; the lock is held.
func (s *Server) leave(c *conn) {
	if c.self == 0 {
		return
	}
	if s.relay != nil {
		s.relay.Leave(c.tenant())
	}
	s.announceMember(c, true)
}

// deliver does what the lobby wants done; the lock is held, so that messages
// leave in the lobby's order.
func (s *Server) deliver(outs []lobby.Out) {
	for i := range outs {
		o := &outs[i]
		c := s.conns[o.To]
		if c == nil {
			continue
		}
		if o.Message.Kind == protocol.Error && c.self == 0 && c.place.Code != "" && miss(o.Message.Code) {
			s.missed(c, o.Message.Code)
		}
		if o.Message.Kind == protocol.Error && o.Message.Code == protocol.CodeKicked {
			s.leave(c)
		}
		if o.Message.Kind == protocol.Left && s.relay != nil { // A member that was away when it was kicked has no connection whose end would tell.
			s.relay.Leave(c.tenantOf(o.Message.From))
		}
		if o.Message.Kind == protocol.Error {
			s.debug("sent away", c, "code", o.Message.Code)
		}
		if o.Message.Kind != "" {
			if o.Message.Kind == protocol.Welcome {
				c.self, c.code = o.Message.Self, o.Message.Code
				s.debug("in a room", c)
				o.Message.Servers = s.servers(c)
				s.announceMember(c, false)
			}
			c.push(&o.Message)
		}
		if o.Close {
			c.end(statusNormal)
		}
	}
}

func (s *Server) tick() {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-t.C:
			s.mu.Lock()
			s.deliver(s.lobby.Tick())
			s.unlock()
		}
	}
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.NativeEndian.Uint64(b[:])
}
