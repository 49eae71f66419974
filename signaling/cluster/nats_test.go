//go:build nats

package cluster

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func TestNATS(t *testing.T) {
	for version, path := range natsServers(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			urls := startNATS(t, path, 1).urls()
			contract(t, func() Cluster { return connect(t, urls) })
		})
	}
}

// Three servers of NATS keep the leases on each; the one that leads is killed.
func TestNATSLosesAServer(t *testing.T) {
	t.Parallel() // It mostly waits.
	for version, path := range natsServers(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			n := startNATS(t, path, 3)
			a, b := connect(t, n.urls()), connect(t, n.urls())
			ctx := context.Background()
			js, _ := jetstream.New(a.conn)
			s, err := js.Stream(ctx, "KV_punchback")
			if err != nil {
				t.Fatal(err)
			}
			info := s.CachedInfo()
			if info.Config.Replicas != 3 || info.Config.MaxAge != expiry {
				t.Errorf("%+v", info.Config)
			}
			l, err := a.Claim(ctx, "1", 0)
			if err != nil {
				t.Fatal(err)
			}
			leader := int(info.Cluster.Leader[1] - '0')
			n.servers[leader].Process.Kill()
			killed := time.Now()
			// The owner goes on asking; in what was answered before is nothing that could be lost.
			await(t, "a renewal", func() bool {
				try, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				got, err := a.Claim(try, "1", l.Term)
				if got.Node == a.Self() && got.Term > l.Term {
					l = got // Or an earlier one has happened after all.
				}
				return err == nil
			})
			t.Logf("the leader of the leases is gone and they can be renewed again after %v", time.Since(killed).Round(time.Millisecond))
			if got, err := b.Claim(ctx, "1", 0); err != ErrTaken || got.Node != a.Self() {
				t.Errorf("%+v, %v; it is %+v", got, err, l)
			}
			heard := make(chan string, 10)
			if err := b.Listen(func(Lease) {}, func(from string, _ []byte) { heard <- from }); err != nil {
				t.Fatal(err)
			}
			await(t, "a packet", func() bool {
				a.Publish(b.Self(), []byte("x"))
				select {
				case from := <-heard:
					return from == a.Self()
				case <-time.After(100 * time.Millisecond):
					return false
				}
			})
		})
	}
}

// A line that breaks again and again leaves no more watchers behind than there
// are servers that watch.
func TestNATSHasOneWatcherPerServer(t *testing.T) {
	t.Parallel() // It mostly waits.
	n := startNATS(t, newest(t), 1)
	line := newFront(t, []string{strings.TrimPrefix(n.urls(), "nats://")})
	c := connect(t, "nats://"+line.Addr().String())
	leases := make(chan Lease, 1000)
	if err := c.Listen(func(l Lease) { leases <- l }, func(string, []byte) {}); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(connect(t, n.urls()).conn)
	if err != nil {
		t.Fatal(err)
	}
	var last Lease
	for range 5 {
		line.cut(true)
		await(t, "the loss", func() bool { return !c.conn.IsConnected() })
		line.cut(false)
		await(t, "the return", c.conn.IsConnected)
		last, err = c.Claim(t.Context(), "1", last.Term)
		if err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the last lease to be seen", func() bool {
		for {
			select {
			case l := <-leases:
				if l == last {
					return true
				}
			default:
				return false
			}
		}
	})
	s, err := js.Stream(t.Context(), "KV_punchback")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d watchers after five breaks", s.CachedInfo().State.Consumers)
	if s.CachedInfo().State.Consumers > 2 {
		t.Error("that is too many")
	}
}
