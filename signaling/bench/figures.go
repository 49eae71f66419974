package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func (b *bench) binary() error {
	info, err := os.Stat(b.bin)
	if err != nil {
		return err
	}
	say("size of the binary", mib(int(info.Size())), "≤ 20 MB")
	var starts []time.Duration
	var idle int
	for range 2*b.runs + 1 {
		p, err := b.serve()
		if err != nil {
			return err
		}
		r, err := http.Get("http://" + p.addr + "/healthz")
		if err != nil {
			p.stop()
			return err
		}
		r.Body.Close()
		now, _, err := p.rss()
		p.stop()
		if err != nil {
			note("%v", err)
		}
		starts, idle = append(starts, p.started), max(idle, now)
	}
	if info.Size() > 20e6 {
		return fmt.Errorf("the binary is %d bytes, more than 20 MB", info.Size())
	}
	say("start, until it says that it serves", ms(median(starts)), "≤ 100 ms")
	say("memory of the empty service", mib(idle), "≤ 16 MB")
	if idle > 16e6 {
		return fmt.Errorf("the empty service takes %d bytes, more than 16 MB", idle)
	}
	return nil
}

func (b *bench) idleness() error {
	p, err := b.serve()
	if err != nil {
		return err
	}
	defer p.stop()
	one, err := gather(p.addr, 2) // so that what the first connection costs is not counted
	if err != nil {
		return err
	}
	one.leave()
	empty, _, err := p.rss()
	if err != nil {
		note("%v", err)
		return nil
	}
	begin := time.Now()
	c, err := gather(p.addr, b.idle)
	if err != nil {
		return err
	}
	defer c.leave()
	note("%d members in %d rooms gathered and started in %.1f s", b.idle, b.idle/2, time.Since(begin).Seconds())
	full, peak, err := p.rss()
	if err != nil {
		return err
	}
	per := func(rss int) string { return kib((rss - empty) / b.idle) }
	note("at once after that %s a connection, at most %s", per(full), per(peak))
	worst := 0
	for begin = time.Now(); time.Since(begin) < b.watch; time.Sleep(b.watch / 40) {
		now, _, err := p.rss()
		if err != nil {
			return err
		}
		if time.Since(begin) >= b.watch/2 {
			worst = max(worst, now)
		}
	}
	say(fmt.Sprintf("memory per connection at %d, with heartbeats", b.idle), per(worst), "≤ 7.5 KiB")
	note("at its highest in the second half of %v; %d heartbeats answered, %d connections lost", b.watch, c.beats.Load(), c.lost.Load())
	if want := int64(b.idle) * int64(b.watch/heartbeat-1); c.lost.Load() > 0 || c.beats.Load() < want {
		return fmt.Errorf("%d connections were lost, %d heartbeats answered of more than %d", c.lost.Load(), c.beats.Load(), want)
	}
	return nil
}

// relays runs the service and the yardsticks in turns, so that what else the
// machine does hits all alike.
func (b *bench) relays() error {
	kinds := []struct {
		name  string
		bare  bool
		start func() (*process, error)
	}{
		{"the service", false, func() (*process, error) { return b.serve() }},
		{"bare gws", true, func() (*process, error) { return b.bare("gws") }},
		{"bare coder/websocket", true, func() (*process, error) { return b.bare("coder") }},
	}
	var rates [3][]float64
	var cpu, p50, p99 [3][]time.Duration
	for range b.runs {
		for i, k := range kinds {
			p, err := k.start()
			if err != nil {
				return err
			}
			rate, used, err := pingPong(p, b.pairs, k.bare, b.last)
			if err == nil {
				var took []time.Duration
				if took, err = paced(p.addr, b.pairs, k.bare, 2000, b.last); err == nil {
					rates[i], cpu[i] = append(rates[i], rate), append(cpu[i], used)
					p50[i] = append(p50[i], quantile(took, 0.5))
					p99[i] = append(p99[i], quantile(took, 0.99))
				}
			}
			p.stop()
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
	}
	for i, k := range kinds {
		note("%-21s %7.0f relays/s in a closed loop of %d pairs, %4.1f µs of the server each; at 2,000/s p50 %s, p99 %s",
			k.name, median(rates[i]), b.pairs, float64(median(cpu[i]))/1000, ms(median(p50[i])), ms(median(p99[i])))
	}
	ratio := func(a, b []float64) string {
		var r []float64
		for i := range a {
			r = append(r, a[i]/b[i])
		}
		return fmt.Sprintf("%.2f ×", median(r))
	}
	say("relays/s against bare gws", ratio(rates[0], rates[1]), "≥ 0.8 ×")
	say("relays/s against bare coder/websocket", ratio(rates[0], rates[2]), "≥ 1.2 ×")
	say("p99 at 2,000/s against bare gws", fmt.Sprintf("%.2f ×", float64(median(p99[0]))/float64(median(p99[1]))), "≤ 1.3 ×")
	return nil
}
