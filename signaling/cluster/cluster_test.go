package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	os.Setenv("XDG_CONFIG_HOME", os.DevNull) // No identity is kept: not in the user's own folder either.
	goleak.VerifyTestMain(m)
}

// ear is what one server hears.
type ear struct {
	Cluster
	leases  chan Lease
	packets chan string // "from: text"
}

func listen(t *testing.T, c Cluster) *ear {
	t.Helper()
	e := &ear{c, make(chan Lease, 1000), make(chan string, 1000)}
	err := c.Listen(func(l Lease) { e.leases <- l }, func(from string, b []byte) { e.packets <- from + ": " + string(b) })
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// lease waits until that lease is heard of.
func (e *ear) lease(t *testing.T, want Lease) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case l := <-e.leases:
			if l == want {
				return
			}
		case <-limit:
			t.Fatalf("never heard of %+v", want)
		}
	}
}

// contract is what every Cluster does. join adds a server.
func contract(t *testing.T, join func() Cluster) {
	a, b := listen(t, join()), listen(t, join())
	if a.Self() == b.Self() || a.Self() == "" {
		t.Fatalf("names %q, %q", a.Self(), b.Self())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	claim := func(c Cluster, last uint64) Lease {
		t.Helper()
		l, err := c.Claim(ctx, "7", last)
		if err != nil || l.Slot != "7" || l.Node != c.Self() || l.Term <= last {
			t.Fatalf("%+v, %v after term %d", l, err, last)
		}
		return l
	}
	taken := func(c Cluster, last uint64, want Lease) {
		t.Helper()
		if l, err := c.Claim(ctx, "7", last); !errors.Is(err, ErrTaken) || l != want {
			t.Fatalf("%+v, %v; want %+v taken", l, err, want)
		}
	}
	one := claim(a, 0)
	taken(b, 0, one)
	a.lease(t, one)
	b.lease(t, one)
	two := claim(a, one.Term) // renewed
	taken(b, one.Term, two)
	if err := a.Release(ctx, "7", one.Term); !errors.Is(err, ErrTaken) {
		t.Errorf("a release that is too late: %v", err)
	}
	three := claim(b, two.Term)
	a.lease(t, three)
	taken(a, two.Term, three)
	if err := b.Release(ctx, "7", three.Term); err != nil {
		t.Fatal(err)
	}
	var free Lease
	for free.Term == 0 {
		select {
		case l := <-a.leases:
			if l.Node == "" {
				free = l
			}
		case <-ctx.Done():
			t.Fatal("never heard that it is free")
		}
	}
	if free.Term <= three.Term || free.Slot != "7" {
		t.Errorf("%+v after %+v", free, three)
	}
	last := claim(a, free.Term)

	// Whoever comes later hears of what there is.
	c := listen(t, join())
	c.lease(t, last)

	for i := range 100 {
		if err := a.Publish(b.Self(), fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		if got := <-b.packets; got != fmt.Sprintf("%s: %d", a.Self(), i) {
			t.Fatalf("packet %d is %q", i, got)
		}
	}
	if err := c.Publish("", []byte("all")); err != nil {
		t.Fatal(err)
	}
	for _, e := range []*ear{a, b, c} {
		if got := <-e.packets; got != c.Self()+": all" {
			t.Fatalf("%q", got)
		}
	}
	long := strings.Repeat("x", MaxPacket)
	a.Publish(b.Self(), []byte(long))
	if got := <-b.packets; !strings.HasSuffix(got, long) {
		t.Errorf("a packet of %d bytes came as %d", MaxPacket, len(got))
	}
	for _, e := range []*ear{a, b, c} {
		e.Close()
		e.Close()
	}
}

func TestMemory(t *testing.T) {
	var m Memory
	contract(t, m.Join)
}

func TestMemoryCutOff(t *testing.T) {
	var m Memory
	a, b := listen(t, m.Join()), listen(t, m.Join())
	defer a.Close()
	defer b.Close()
	m.Cut(a.Self(), true)
	if _, err := a.Claim(t.Context(), "1", 0); err == nil || errors.Is(err, ErrTaken) || a.Publish("", nil) == nil {
		t.Error("who is cut off reaches others:", err)
	}
	l, err := b.Claim(t.Context(), "1", 0)
	if err != nil {
		t.Fatal(err)
	}
	b.Publish("", []byte("x"))
	<-b.packets
	if len(a.packets)+len(a.leases) > 0 {
		t.Error("who is cut off hears others")
	}
	m.Cut(a.Self(), false)
	a.lease(t, l)
}

func TestSlots(t *testing.T) {
	seen := map[string]bool{}
	for i := range 1000 {
		seen[SlotOf(fmt.Sprint("game", i))] = true
	}
	if len(seen) != Slots {
		t.Errorf("%d slots are in use", len(seen))
	}
}
