package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/punchback/punchback/signaling/internal/node"
	"github.com/punchback/punchback/signaling/lobby"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/relay"
)

// metrics are what whoever runs the service wants to see, for Prometheus. None
// of them names a player, a room or an address.
type metrics struct {
	handler   http.Handler
	joins     prometheus.Counter
	resumes   prometheus.Counter
	matches   prometheus.Counter
	refusals  *prometheus.CounterVec // by code
	drops     *prometheus.CounterVec // by cause
	links     *prometheus.CounterVec // by path
	upgrades  prometheus.Counter
	failures  prometheus.Counter
	misses    prometheus.Counter
	unseen    prometheus.Counter
	forgotten *prometheus.CounterVec // by what
	turns     *prometheus.CounterVec // by what a slot became; nil: this server is alone
}

func newMetrics(s *Server) *metrics {
	r := registry{prometheus.NewRegistry()}
	m := &metrics{
		joins:     r.count("joins_total", "Players that came into a room."),
		resumes:   r.count("resumes_total", "Players that came back after a lost connection and have missed nothing."),
		matches:   r.count("matches_total", "Players in matches that started."),
		refusals:  r.counts("refusals_total", "Errors that clients were sent. Most end the connection; unknown and leader do not.", "code", protocol.Codes...),
		drops:     r.counts("drops_total", "Connections that were cut.", "cause", dropSlow, dropSilent, dropHello, dropCrowd),
		links:     r.counts("links_total", "Pairs of players that were linked, as they report.", "path", "direct", "relay"),
		upgrades:  r.count("link_upgrades_total", "Links that began with the relay and became direct, as players report."),
		failures:  r.count("link_failures_total", "Tries to link two players that failed, as players report; each end counts."),
		misses:    r.count("wrong_codes_total", "Rooms that were asked for by code or name and were not to be had."),
		unseen:    r.count("braked_codes_total", "Rooms that were asked for from where too many were not to be had; it was not looked whether these were."),
		forgotten: r.counts("forgotten_total", "What was kept for players and was too much, for one network or in all.", "what", texts(lobby.AllForgotten)...),
	}
	r.attacks(s)
	r.number("connections", "WebSockets now.", s.locked(func() int { return len(s.conns) }))
	r.number("rooms", "Rooms now.", s.locked(func() int { rooms, _ := s.lobby.Count(); return rooms }))
	r.number("members", "Players in rooms now.", s.locked(func() int { _, members := s.lobby.Count(); return members }))
	if s.cfg.Cluster != nil {
		r.number("slots", "Parts of the games, of 64, whose rooms are kept here.", s.locked(func() int { return len(s.route.node.Slots()) }))
		r.number("cluster_servers", "Servers of the cluster that are heard, this one among them; 0: it is cut off.", s.locked(func() int { return s.route.node.Servers() }))
		m.turns = r.counts("slot_turns_total", "Slots that became so here: owned, released, lost to another, or unsure since the lease could not be renewed.", "turn", texts(node.Turns)...)
	}
	if s.relay != nil {
		r.relay(s.relay)
	}
	if s.others.All() > 0 {
		r.number("turn_servers", "Relays of others that players are told of now.", s.others.Usable)
		r.number("turn_servers_configured", "Relays of others that they are to be told of.", s.others.All)
		for result, f := range map[string]func() uint64{"ok": s.others.Minted, "failed": s.others.Failed} {
			r.total("turn_server_mints_total", "Questions for credentials to relays of others.", prometheus.Labels{"result": result}, f)
		}
	}
	r.MustRegister(collectors.NewGoCollector(), collectors.NewBuildInfoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
	return m
}

// registry is where each metric is registered under the service's name.
type registry struct{ *prometheus.Registry }

const namespace = "punchback"

// count is a number of events.
func (r registry) count(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	r.MustRegister(c)
	return c
}

// counts are numbers of events, by a label that has these values.
func (r registry) counts(name, help, label string, values ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
	for _, v := range values { // One that is missing until it happens can't be watched.
		c.WithLabelValues(v)
	}
	r.MustRegister(c)
	return c
}

// total is a number of events that is counted elsewhere.
func (r registry) total(name, help string, labels prometheus.Labels, f func() uint64) {
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: labels},
		func() float64 { return float64(f()) }))
}

// number is how many of something there are now.
func (r registry) number(name, help string, f func() int) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help},
		func() float64 { return float64(f()) }))
}

// attacks are the metrics that say what somebody takes who means no good.
func (r registry) attacks(s *Server) {
	r.number("brake", "1 while so many wrong codes come from everywhere that each address has few.", func() int {
		if s.guard.guesses.tight(time.Now()) {
			return 1
		}
		return 0
	})
	r.number("networks", "Addresses and larger networks that are remembered for what came from them.", func() int { return s.guard.connects.len() + s.guard.guesses.len() })
	r.number("kept_bytes", "Bytes that are kept for players that are away, and of what others have yet to confirm, about.", s.locked(s.books.Loose))
	r.number("unsent_bytes", "Bytes that wait for slow clients, or for the rest of a message.", s.locked(func() int { return s.unsent }))
	r.number("waiting_connections", "TCP connections that have asked for nothing yet.", func() int { return s.arrivals.len() })
}

// relay has the metrics of the relay.
func (r registry) relay(of *relay.Relay) {
	r.number("relay_addresses", "Relayed addresses now.", of.Relayed)
	r.number("relay_addresses_limit", "Relayed addresses that there may be.", func() int { return 2 * of.Pairs() })
	r.total("relay_bytes_total", "Bytes that were relayed, both ways.", nil, of.Bytes)
	by := func(name, help string, causes ...relay.Cause) {
		for _, c := range causes {
			r.total(name, help, prometheus.Labels{"cause": c.String()}, func() uint64 { return of.Count(c) })
		}
	}
	by("relay_refusals_total", "Relayed addresses that were asked for and not given, or taken back.",
		relay.Quota, relay.Addresses, relay.NetworkAddresses, relay.Full, relay.Peers, relay.Connections, relay.NetworkConnections)
	by("relay_dropped_packets_total", "Packets that were not relayed.",
		relay.Rate, relay.Packets, relay.NetworkRate, relay.NetworkPackets, relay.AllRate, relay.AllPackets, relay.Forbidden, relay.Requests)
}

// locked is a number that the server's lock guards.
func (s *Server) locked(f func() int) func() int {
	return func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return f()
	}
}

func texts[T ~string](all []T) (plain []string) {
	for _, t := range all {
		plain = append(plain, string(t))
	}
	return plain
}

// Why a connection is cut.
const (
	dropSlow   = "slow"   // it takes in too little
	dropSilent = "silent" // nothing came of it for too long
	dropHello  = "hello"  // it never said what it wants
	dropCrowd  = "crowd"  // its network has too many of them, or there are too many in all, or too many that ask for nothing
)

// inside reports whether a request comes from this machine or its network, and
// not through a proxy from elsewhere. Others are not told the metrics.
func inside(r *http.Request) bool {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.Unmap().IsLoopback() || ip.Unmap().IsPrivate()) &&
		!slices.ContainsFunc([]string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"}, func(h string) bool { return r.Header.Get(h) != "" })
}

// said counts what a message to a client says; the lock is held.
func (m *metrics) said(msg *protocol.Message) {
	switch msg.Kind {
	case protocol.Welcome:
		if msg.Resumed {
			m.resumes.Inc()
		} else {
			m.joins.Inc()
		}
	case protocol.Start:
		m.matches.Inc()
	case protocol.Error:
		if slices.Contains(protocol.Codes, msg.Code) {
			m.refusals.WithLabelValues(msg.Code).Inc()
		}
	}
}

// linked is what a client has told of a link.
type linked struct {
	to      protocol.ID
	relayed bool
}

// heard counts what a State tells of links that it has not told before. Both ends
// do; the younger counts.
func (m *metrics) heard(c *conn, msg *protocol.Message) {
	for i, ids := range [...][]protocol.ID{msg.Direct, msg.Relayed} {
		relayed := i == 1
		for _, id := range ids {
			if id >= c.self {
				continue
			}
			k := slices.IndexFunc(c.links, func(l linked) bool { return l.to == id })
			switch {
			case k < 0 && len(c.links) < protocol.MaxMembers:
				c.links = append(c.links, linked{id, relayed})
				m.links.WithLabelValues([]string{"direct", "relay"}[i]).Inc()
			case k >= 0 && c.links[k].relayed && !relayed:
				c.links[k].relayed = false
				m.upgrades.Inc()
			}
		}
	}
	c.links = slices.DeleteFunc(c.links, func(l linked) bool { return !slices.Contains(msg.Linked, l.to) })
	if msg.Failed > c.failed {
		m.failures.Add(float64(msg.Failed - c.failed))
		c.failed = msg.Failed
	}
}
