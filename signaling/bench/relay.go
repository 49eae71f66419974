package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/punchback/punchback/signaling/protocol"
)

// A signal here is 1.2 KB of JSON, about what an offer with its candidates is.
// Its payload begins with a number in eight digits, which are base64 as well.
const (
	payloadSize = 1136
	digits      = 8
)

var filler = strings.Repeat("A", payloadSize-digits)

// signal says a numbered signal to the other member.
func (m *member) signal(n int) error {
	m.seq++
	b := append(m.text[:0], `{"kind":"signal","seq":`...)
	b = strconv.AppendUint(b, m.seq, 10)
	b = append(b, `,"ack":`...)
	b = strconv.AppendUint(b, m.ack, 10)
	b = append(b, `,"to":`...)
	b = strconv.AppendUint(b, uint64(3-m.self), 10)
	b = append(b, `,"payload":"`...)
	b = fmt.Appendf(b, "%08d", n)
	b = append(b, filler...)
	m.text = append(b, `"}`...)
	return m.say(m.text)
}

// signaled hears the next signal and returns its number.
func (m *member) signaled() (int, error) {
	for {
		b, err := m.hear()
		if err != nil {
			return 0, err
		}
		if bytes.Contains(b[:min(len(b), 32)], []byte(`"error"`)) {
			return 0, fmt.Errorf("the server says: %s", b)
		}
		if s, rest, ok := bytes.Cut(b, []byte(`,"payload":"`)); ok && len(rest) > digits {
			if _, s, ok := bytes.Cut(s, []byte(`"seq":`)); ok {
				s, _, _ = bytes.Cut(s, []byte(`,`))
				m.ack, _ = strconv.ParseUint(string(s), 10, 64)
			}
			return strconv.Atoi(string(rest[:digits]))
		}
	}
}

var lastRoom atomic.Int64

// meet connects n pairs. A bare relay knows no
// hello; it says when they are there.
func meet(addr string, n int, bare bool) (pairs [][2]*member, err error) {
	for i := range n {
		var p [2]*member
		if bare {
			room := lastRoom.Add(1)
			for k := range p {
				e, err := dial(addr, fmt.Sprintf("/bench/%d", room), 2*i+k)
				if err == nil {
					_, err = e.hear()
				}
				if err != nil {
					return pairs, err
				}
				p[k] = &member{end: e, self: protocol.ID(1 + k)}
			}
		} else if p, err = pair(addr, 2*i); err != nil {
			return pairs, err
		}
		p[0].ready()
		p[1].ready()
		pairs = append(pairs, p)
	}
	return pairs, nil
}

func part(pairs [][2]*member) {
	for _, p := range pairs {
		p[0].Close()
		p[1].Close()
	}
}

// pingPong lets every pair throw one signal to and fro for a time, and counts
// how many came, and how much time the server's processor took for each.
func pingPong(p *process, n int, bare bool, d time.Duration) (relays float64, each time.Duration, err error) {
	pairs, err := meet(p.addr, n, bare)
	defer func() { part(pairs) }()
	if err != nil {
		return 0, 0, err
	}
	var count atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Value
	stop := make(chan struct{})
	for _, two := range pairs {
		for k, m := range two {
			wg.Go(func() {
				err := error(nil)
				if k == 0 {
					err = m.signal(0)
				}
				for i := 0; err == nil; i++ {
					if _, err = m.signaled(); err != nil {
						break
					}
					count.Add(1)
					select {
					case <-stop:
						return
					default:
						err = m.signal(i)
					}
				}
				select {
				case <-stop:
				default:
					failed.Store(err)
				}
			})
		}
	}
	time.Sleep(d / 4) // to warm up
	from, used, begin := count.Load(), p.cpu(), time.Now()
	time.Sleep(d)
	n = int(count.Load() - from)
	relays, each = float64(n)/time.Since(begin).Seconds(), (p.cpu()-used)/time.Duration(max(n, 1))
	close(stop)
	part(pairs)
	wg.Wait()
	err, _ = failed.Load().(error)
	return relays, each, err
}

// paced sends rate signals a second for a time, spread over the pairs and
// whether or not those before have come, and returns how long each took.
func paced(addr string, n int, bare bool, rate int, d time.Duration) (took []time.Duration, err error) {
	pairs, err := meet(addr, n, bare)
	defer func() { part(pairs) }()
	if err != nil {
		return nil, err
	}
	total := int(float64(rate) * d.Seconds())
	took = make([]time.Duration, total)
	said := make([]atomic.Int64, total) // after begin
	begin := time.Now()
	var wg sync.WaitGroup
	var failed atomic.Value
	for k, p := range pairs {
		wg.Go(func() {
			for i := k; i < total; i += n {
				time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(rate))))
				said[i].Store(int64(time.Since(begin)))
				if err := p[0].signal(i); err != nil {
					failed.Store(err)
					return
				}
			}
		})
		wg.Go(func() {
			p[1].SetReadDeadline(begin.Add(d + patience))
			for want := k; want < total; want += n {
				i, err := p[1].signaled()
				if err == nil && i != want {
					err = fmt.Errorf("signal %d came where %d was said", i, want)
				}
				if err != nil {
					failed.Store(err)
					return
				}
				took[i] = time.Since(begin) - time.Duration(said[i].Load())
			}
		})
	}
	wg.Wait()
	err, _ = failed.Load().(error)
	return took, err
}

// quantile sorts and picks, such as 0.99.
func quantile(d []time.Duration, q float64) time.Duration {
	slices.Sort(d)
	return d[min(len(d)-1, int(q*float64(len(d))))]
}

func median[T float64 | time.Duration](v []T) T {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}
