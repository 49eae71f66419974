package punch

import (
	"testing"
	"time"
)

// A bucket lets in its burst at once, and after that its rate.
func TestBurstAndRate(t *testing.T) {
	now := time.Now()
	b := newBucket(8, 2)
	count := func() (n int) {
		for ok, _ := b.take(1, now); ok; ok, _ = b.take(1, now) {
			n++
		}
		return n
	}
	if n := count(); n != 8 {
		t.Errorf("%d at once, want 8", n)
	}
	now = now.Add(1500 * time.Millisecond)
	if left, n := b.left(now), count(); left != 3 || n != 3 {
		t.Errorf("%d after 1.5 s, and %d said to be left, want 3", n, left)
	}
	now = now.Add(time.Hour)
	if n := count(); n != 8 {
		t.Errorf("%d after an hour, want 8", n)
	}
	if b.back(5); b.left(now) != 5 {
		t.Errorf("%d left of 5 that came back", b.left(now))
	}
	if b.back(50); b.left(now) != 8 {
		t.Errorf("%d left of more than the burst", b.left(now))
	}
}

// What is refused is abuse where it is a second's worth within a second, and not
// where it comes now and then.
func TestAbuse(t *testing.T) {
	now := time.Now()
	b := perSecond(10)
	b.take(10, now)
	for i := range 10 {
		if ok, abuse := b.take(1, now); ok || abuse {
			t.Fatalf("after %d more than the rate: let in %t, abuse %t", i, ok, abuse)
		}
	}
	if _, abuse := b.take(1, now); !abuse {
		t.Error("twice the rate is no abuse")
	}
	b = perSecond(10)
	for range 100 { // 10 a second
		now = now.Add(100 * time.Millisecond)
		if ok, abuse := b.take(1, now); !ok && abuse {
			t.Fatal("the rate is abuse")
		}
	}
}

// What is granted and not needed lapses as quickly as it came about.
func TestWhatIsGrantedLapses(t *testing.T) {
	now := time.Now()
	b := perSecond(100)
	b.take(0, now)
	b.grant(5*time.Second, now)
	if ok, _ := b.take(500, now.Add(time.Millisecond)); !ok {
		t.Error("what was granted is not there")
	}
	b.grant(5*time.Second, now)
	now = now.Add(5 * time.Second)
	if ok, _ := b.take(101, now); ok {
		t.Error("what was granted stays for ever")
	}
	if ok, _ := b.take(100, now); !ok {
		t.Error("a second's worth has gone with it")
	}
}
