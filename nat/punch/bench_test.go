//go:build !js

package punch

import (
	"encoding/binary"
	"net"
	"slices"
	"testing"
	"time"
)

// BenchmarkConnect is from New to an open link on this machine.
func BenchmarkConnect(b *testing.B) {
	servers := turnServer(b)
	for name, o := range map[string]Options{"direct": {ICEServers: servers}, "relay": {ICEServers: servers, RelayOnly: true}} {
		b.Run(name, func(b *testing.B) {
			var all []time.Duration
			for b.Loop() {
				e := meet(b, [2]Options{o, o}, nil)
				e.open()
				all = append(all, e.link[0].Report().Connect)
				_ = e.link[0].Close()
				_ = e.link[1].Close()
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2])/1e6, "p50-ms")
		})
	}
}

// BenchmarkRoundTrip is 100 bytes there and back at 60 Hz: through a link, and
// by raw UDP as the yardstick.
func BenchmarkRoundTrip(b *testing.B) {
	at60 := func(b *testing.B, send func([]byte), heard <-chan uint32) {
		var all []time.Duration
		p := make([]byte, 100)
		tick := time.NewTicker(time.Second / 60)
		defer tick.Stop()
		for i := uint32(0); b.Loop(); i++ {
			<-tick.C
			binary.LittleEndian.PutUint32(p, i)
			begin := time.Now()
			send(p)
			for late := time.After(time.Second); ; {
				select {
				case k := <-heard:
					if k != i {
						continue
					}
					all = append(all, time.Since(begin))
				case <-late: // lost
				}
				break
			}
		}
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2])/1e3, "p50-µs")
	}
	b.Run("udp", func(b *testing.B) {
		var ends [2]net.PacketConn
		heard := make(chan uint32, 64)
		for i := range ends {
			c, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			ends[i] = c
			go func() {
				var p [MaxPacket]byte
				for {
					n, from, err := c.ReadFrom(p[:])
					switch {
					case err != nil:
						return
					case i == 0:
						heard <- binary.LittleEndian.Uint32(p[:])
					default:
						_, _ = c.WriteTo(p[:n], from)
					}
				}
			}()
		}
		at60(b, func(p []byte) { _, _ = ends[0].WriteTo(p, ends[1].LocalAddr()) }, heard)
	})
	b.Run("link", func(b *testing.B) {
		heard := make(chan uint32, 64)
		wake, quit := make(chan struct{}, 1), make(chan struct{})
		e := meet(b, [2]Options{1: {Notify: func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		}}}, nil)
		e.open()
		go func() {
			var p [MaxPacket]byte
			for {
				select {
				case <-wake:
				case <-quit:
					return
				}
				for n, ok := e.link[1].Recv(p[:]); ok; n, ok = e.link[1].Recv(p[:]) {
					e.link[1].Send(p[:n])
				}
			}
		}()
		go func() {
			var p [MaxPacket]byte
			for {
				select {
				case <-e.news:
				case <-quit:
					return
				}
				for _, ok := e.link[0].Recv(p[:]); ok; _, ok = e.link[0].Recv(p[:]) {
					heard <- binary.LittleEndian.Uint32(p[:])
				}
			}
		}()
		defer func() {
			_ = e.link[0].Close()
			_ = e.link[1].Close()
			close(quit)
		}()
		at60(b, e.link[0].Send, heard)
	})
}
