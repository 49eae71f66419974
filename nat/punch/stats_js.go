package punch

import (
	"errors"
	"fmt"
	"syscall/js"
	"time"
)

// stats is what getStats tells (W3C webrtc-stats), by identifier; only run's
// goroutine may ask.
func (p *pipe) stats() (js.Value, error) {
	if !glue.Truthy() {
		return await(p.pc.Call("getStats"))
	}
	glue.Call("stats", p.pc, p.known, p.asked)
	if !<-p.told {
		return js.Null(), errors.New("punch: the browser tells no statistics")
	}
	return p.known, nil
}

// chosen is the identifier of the pair of candidates that packets take, if s
// tells it.
func chosen(s js.Value) string {
	if !s.Truthy() {
		return ""
	}
	switch kind := s.Get("type").String(); {
	case kind == "transport" && s.Get("selectedCandidatePairId").Type() == js.TypeString:
		return s.Get("selectedCandidatePairId").String()
	case kind == "candidate-pair" && s.Get("selected").Truthy(): // Firefox
		return s.Get("id").String()
	}
	return ""
}

// selected is the pair of candidates that packets take: from transport to pair
// to both candidates.
func (p *pipe) selected() (s sample, ok bool) {
	stats, err := p.stats()
	if err != nil {
		return s, false
	}
	id := chosen(stats.Call("get", p.teller))
	if id == "" {
		each := js.FuncOf(func(_ js.Value, args []js.Value) any {
			if c := chosen(args[0]); c != "" {
				id, p.teller = c, args[0].Get("id").String()
			}
			return nil
		})
		defer each.Release()
		stats.Call("forEach", each)
	}
	pair := stats.Call("get", id)
	if !pair.Truthy() {
		return s, false
	}
	if t := pair.Get("currentRoundTripTime"); t.Type() == js.TypeNumber {
		s.rtt = time.Duration(t.Float() * float64(time.Second))
	}
	count := func(name string) uint64 {
		if n := pair.Get(name); n.Type() == js.TypeNumber {
			return uint64(n.Float())
		}
		return 0
	}
	s.sent, s.answered = count("requestsSent")+count("consentRequestsSent"), count("responsesReceived")
	local, okLocal := side(stats, pair.Get("localCandidateId"))
	remote, okRemote := side(stats, pair.Get("remoteCandidateId"))
	s.local, s.remote = local, remote
	return s, okLocal && okRemote
}

func side(stats, id js.Value) (candidate, bool) {
	c := stats.Call("get", id)
	if !c.Truthy() {
		return candidate{}, false
	}
	text := func(name, other string) string {
		if v := c.Get(name); v.Type() == js.TypeString && v.String() != "" {
			return v.String()
		}
		return other
	}
	port := 0
	if v := c.Get("port"); v.Type() == js.TypeNumber {
		port = v.Int()
	}
	return candidate{Text: fmt.Sprintf("candidate:0 1 %s 0 %s %d typ %s", text("protocol", "udp"), text("address", "hidden"), port, text("candidateType", "host"))}, true
}
