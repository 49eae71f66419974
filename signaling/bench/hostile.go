package main

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// watched is what was seen while honest ones joined.
type watched struct {
	took []time.Duration // to be introduced, by code
	rss  []int           // memory of the server
	busy float64         // processors that it took
}

// watchJoins lets honest ones join by code for some time, each from an address of its own.
// None of them may be refused.
func (b *bench) watchJoins(p *process, waiting []*member, from int) (w watched, err error) {
	begin, used := time.Now(), p.cpu()
	for i := from; time.Since(begin) < b.fire; i++ {
		at := netip.AddrFrom4([4]byte{192, byte(i >> 16), byte(i >> 8), byte(i)})
		host := waiting[i%len(waiting)]
		host.SetDeadline(time.Now().Add(patience))
		_ = host.say(protocol.Encode(protocol.Message{Kind: protocol.Ping, Ack: host.ack}))
		guest, took, err := introduce(p.addr, host, i, at)
		if err != nil {
			return w, fmt.Errorf("honest join %d: %w", i-from+1, err)
		}
		_ = guest.say(protocol.Encode(protocol.Message{Kind: protocol.Leave}))
		_, _ = guest.hear() // its end
		guest.Close()
		w.took = append(w.took, took)
		now, _, _ := p.rss()
		w.rss = append(w.rss, now)
		time.Sleep(10 * time.Millisecond)
	}
	w.busy = (p.cpu() - used).Seconds() / time.Since(begin).Seconds()
	return w, nil
}

// metric reads one of the server's metrics.
func (p *process) metric(name string) (v float64, err error) {
	r, err := http.Get("http://" + p.addr + "/metrics")
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			_, err = fmt.Sscan(rest, &v)
			return v, err
		}
	}
	return 0, fmt.Errorf("%s is no metric", name)
}

// hostility measures those who stay and those who join, and then the same beside all
// attacks at once: the first is the yardstick.
func (b *bench) hostility() error {
	p, err := b.serve("-rate", "50", "-proxy", proxies, "-sockets", "12000")
	if err != nil {
		return err
	}
	defer p.stop()
	stay, err := gather(p.addr, b.stay)
	if err != nil {
		return err
	}
	defer stay.leave()
	waiting, err := hosts(p.addr, 20)
	if err != nil {
		return err
	}
	defer leave(waiting)
	calm, err := b.watchJoins(p, waiting, 0)
	if err != nil {
		return err
	}
	f, err := open(p.addr, b.half, b.guesses)
	if err != nil {
		return err
	}
	hot, err := b.watchJoins(p, waiting, len(calm.took))
	f.cease()
	if err != nil {
		return err
	}
	note("%d half-open sockets, %d connections with junk or messages of 1 MB, %d from other networks, %d guesses of a code, %s for nobody",
		b.half, f.shots.Load(), f.networks.Load(), f.guesses.Load(), mib(int(f.kept.Load())))
	note("%d honest joins by code, %d before that; of %d that stayed %d were lost", len(hot.took), len(calm.took), b.stay, stay.lost.Load())
	if err := b.metrics(p); err != nil {
		return err
	}
	say("honest join by code under fire, p99", ms(quantile(hot.took, 0.99))+" (before "+ms(quantile(calm.took, 0.99))+")", "≤ 300 ms")
	note("the server took %.2f of a processor, %.2f before that", hot.busy, calm.busy)
	peak, usual := slices.Max(hot.rss), slices.Max(calm.rss[len(calm.rss)/2:]) // after the crowd has settled
	say("memory under fire, at most", fmt.Sprintf("%s, %.2f ×", mib(peak), float64(peak)/float64(usual)), "≤ 2 × "+mib(usual))
	if n := f.found.Load(); n > 1 || stay.lost.Load() > 0 {
		return fmt.Errorf("guesses found %d rooms, %d connections of the honest were lost", n, stay.lost.Load())
	}
	return nil
}

// metrics shows what an operator sees of it.
func (b *bench) metrics(p *process) error {
	var seen []string
	for _, name := range []string{"brake", "wrong_codes_total", "braked_codes_total", "networks", "kept_bytes", "unsent_bytes", `forgotten_total{what="room"}`, `forgotten_total{what="messages"}`, `drops_total{cause="slow"}`, `drops_total{cause="crowd"}`, `refusals_total{code="rate"}`} {
		v, err := p.metric("punchback_" + name)
		if err != nil {
			return err
		}
		seen = append(seen, fmt.Sprintf("%s %.0f", name, v))
	}
	note("metrics: %s", strings.Join(seen, ", "))
	return nil
}
