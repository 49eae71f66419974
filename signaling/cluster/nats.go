package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// NATSOptions are how servers meet on NATS. The zero value is good.
type NATSOptions struct {
	Name     string       // that servers of one cluster share, and that subjects and the bucket begin with; default: punchback
	Replicas int          // of the bucket; default: 3, or 1 where NATS is not a cluster
	Log      *slog.Logger // default: none
}

// natsCluster is a Cluster on NATS 2.9 or later with JetStream. Packets are
// core NATS, one subject for each server and one for all: at most once, in
// order. Leases are one key-value bucket, written by compare-and-set, whose
// revision is the Term. What is written anew in time never expires; the
// bucket's TTL only clears away what nobody owns any more, long after everybody
// knows so, and no notice of that is waited for.
type natsCluster struct {
	self   string
	name   string
	log    *slog.Logger
	conn   *nats.Conn
	bucket jetstream.KeyValue
	cancel context.CancelFunc
	ctx    context.Context // of the watcher, until Close
	wg     sync.WaitGroup
	once   sync.Once
	broken chan struct{} // the connection was lost and is back, and with it went what was watched
}

// expiry is the bucket's TTL. It is so long that NATS can lose a server and
// find a new leader meanwhile.
const expiry = time.Minute

// NATS connects to any of the servers (nats://host:4222, with commas between,
// with user:password@ or tls:// where wanted).
func NATS(ctx context.Context, urls string, o NATSOptions) (Cluster, error) {
	if o.Name == "" {
		o.Name = "punchback"
	}
	if strings.Trim(strings.ToLower(o.Name), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return nil, fmt.Errorf("cluster: name %q: want letters, digits, - and _", o.Name)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	broken := make(chan struct{}, 1)
	conn, err := nats.Connect(urls,
		nats.Name("punchback signaling"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250*time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, 100*time.Millisecond),
		nats.ReconnectBufSize(-1), // What can't be said now is lost: later it would be stale.
		nats.PingInterval(time.Second), nats.MaxPingsOutstanding(2),
		nats.Timeout(2*time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { o.Log.Warn("lost NATS", "err", err) }),
		nats.ReconnectHandler(func(c *nats.Conn) {
			o.Log.Info("NATS again", "url", c.ConnectedUrlRedacted())
			select {
			case broken <- struct{}{}:
			default:
			}
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { o.Log.Warn("NATS", "err", err) }),
	)
	if err != nil {
		return nil, fmt.Errorf("cluster: can't reach NATS: %w", err)
	}
	var id [8]byte
	rand.Read(id[:])
	c := &natsCluster{self: fmt.Sprintf("%x", id), name: o.Name, log: o.Log, conn: conn, broken: broken}
	if err := c.open(ctx, o.Replicas); err != nil {
		conn.Close()
		return nil, err
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// open finds the bucket or makes it, once NATS has a leader for it.
func (c *natsCluster) open(ctx context.Context, replicas int) error {
	js, err := jetstream.New(c.conn)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if replicas == 0 {
		replicas = 1
		if c.conn.ConnectedClusterName() != "" {
			replicas = 3
		}
	}
	for {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		c.bucket, err = js.KeyValue(try, c.name)
		if errors.Is(err, jetstream.ErrBucketNotFound) {
			c.bucket, err = js.CreateKeyValue(try, jetstream.KeyValueConfig{
				Bucket: c.name, Description: "who owns which rooms", TTL: expiry, History: 1, Replicas: replicas, MaxValueSize: 1 << 10, MaxBytes: 1 << 20,
			})
		}
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cluster: no bucket for leases: %w; is JetStream on (nats-server -js), and are there %d servers that have it?", err, replicas)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (c *natsCluster) Self() string { return c.self }

func (c *natsCluster) Claim(ctx context.Context, slot string, last uint64) (Lease, error) {
	return c.set(ctx, Lease{Slot: slot, Node: c.self}, last)
}

func (c *natsCluster) Release(ctx context.Context, slot string, last uint64) error {
	_, err := c.set(ctx, Lease{Slot: slot}, last)
	return err
}

// wrongLast is the code of the JetStream error "wrong last sequence".
const wrongLast = 10071

// set writes a lease by compare-and-set. A free one is an empty value, not a
// deletion, so that there is one way to write.
func (c *natsCluster) set(ctx context.Context, l Lease, last uint64) (Lease, error) {
	term, err := c.bucket.Update(ctx, l.Slot, []byte(l.Node), last)
	l.Term = term
	if failed := (*jetstream.APIError)(nil); errors.As(err, &failed) && failed.ErrorCode == wrongLast {
		switch entry, err := c.bucket.Get(ctx, l.Slot); {
		case err == nil:
			return lease(entry), ErrTaken
		case errors.Is(err, jetstream.ErrKeyNotFound):
			return Lease{Slot: l.Slot}, ErrTaken // It has expired.
		default:
			return Lease{}, fmt.Errorf("cluster: lease %s: %w", l.Slot, err)
		}
	}
	if err != nil {
		return Lease{}, fmt.Errorf("cluster: lease %s: %w", l.Slot, err)
	}
	return l, nil
}

func lease(e jetstream.KeyValueEntry) Lease {
	return Lease{Slot: e.Key(), Node: string(e.Value()), Term: e.Revision()}
}

func (c *natsCluster) subject(to string) string {
	if to == "" {
		return c.name + ".all"
	}
	return c.name + ".to." + to
}

func (c *natsCluster) Publish(to string, packet []byte) error {
	return c.conn.PublishMsg(&nats.Msg{Subject: c.subject(to), Reply: c.self, Data: packet})
}

func (c *natsCluster) Listen(lease func(Lease), packet func(from string, b []byte)) error {
	for _, to := range []string{"", c.self} {
		if _, err := c.conn.Subscribe(c.subject(to), func(m *nats.Msg) { packet(m.Reply, m.Data) }); err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
	}
	if err := c.conn.FlushTimeout(2 * time.Second); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	c.wg.Go(func() { c.watch(lease) })
	return nil
}

// watch is the only watcher of this server. When it breaks the next comes
// after a pause that grows, so that a NATS in trouble is not flooded with
// consumers. Meanwhile nothing is wrong: a claim that is based on an old lease
// is refused, and told what is so.
func (c *natsCluster) watch(lease func(Lease)) {
	const short, long = 250 * time.Millisecond, 10 * time.Second
	for pause := short; ; pause = min(2*pause, long) {
		began := time.Now()
		err := c.follow(lease)
		if c.ctx.Err() != nil {
			return
		}
		if time.Since(began) > long {
			pause = short
		}
		c.log.Warn("the watch of leases broke", "err", err, "again", pause)
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (c *natsCluster) follow(f func(Lease)) error {
	w, err := c.bucket.WatchAll(c.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-c.ctx.Done():
			return nil
		case <-c.broken: // The library would notice only after many seconds of silence.
			return errors.New("the connection was lost")
		case e, ok := <-w.Updates():
			if !ok {
				return errors.New("it ended")
			}
			if e != nil { // nil: all that there was has come.
				f(lease(e))
			}
		}
	}
}

func (c *natsCluster) Close() error {
	c.once.Do(func() {
		c.cancel()
		c.wg.Wait()
		_ = c.conn.FlushTimeout(time.Second) // What was said last, such as that this server is gone.
		c.conn.Close()
	})
	return nil
}
