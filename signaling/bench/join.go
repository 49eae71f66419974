package main

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// hosts opens n rooms in which one member waits.
func hosts(addr string, n int) (waiting []*member, err error) {
	waiting = make([]*member, n)
	err = spread(16, n, func(i int) (err error) {
		waiting[i], err = join(addr, "", i)
		return err
	})
	if err != nil {
		leave(waiting)
	}
	return waiting, err
}

func leave(members []*member) {
	for _, m := range members {
		if m != nil {
			m.Close()
		}
	}
}

// introduce joins the room of one who waits, and returns how long it takes
// until both know of each other, from before the first packet.
func introduce(addr string, host *member, i int, from netip.Addr) (guest *member, took time.Duration, err error) {
	begin := time.Now()
	if guest, err = joinFrom(addr, host.code, i, from); err != nil {
		return nil, 0, err
	}
	m, err := host.await(protocol.Update)
	if err != nil {
		guest.Close()
		return nil, 0, err
	}
	host.ack = m.Seq
	return guest, time.Since(begin), nil
}

func (b *bench) joining() error {
	p, err := b.serve()
	if err != nil {
		return err
	}
	defer p.stop()
	waiting, err := hosts(p.addr, b.joins)
	if err != nil {
		return err
	}
	defer leave(waiting)
	guests := make([]*member, len(waiting))
	defer func() { leave(guests) }()
	half := len(waiting) / 2

	begin := time.Now()
	err = spread(32, half, func(i int) (err error) {
		guests[i], _, err = introduce(p.addr, waiting[i], i, netip.Addr{})
		return err
	})
	if err != nil {
		return err
	}
	say("introductions per second, connections included", fmt.Sprintf("%.0f", float64(half)/time.Since(begin).Seconds()), "≥ 2,000")

	took := make([]time.Duration, half)
	var wg sync.WaitGroup
	var failed atomic.Value
	begin = time.Now()
	for i := range half {
		time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / 500)))
		wg.Go(func() {
			var err error
			if guests[half+i], took[i], err = introduce(p.addr, waiting[half+i], half+i, netip.Addr{}); err != nil {
				failed.Store(err)
			}
		})
	}
	wg.Wait()
	if err, _ := failed.Load().(error); err != nil {
		return err
	}
	say("join to introduced at 500/s, p99", ms(quantile(took, 0.99)), "≤ 20 ms")
	return nil
}
