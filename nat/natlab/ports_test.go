package natlab

import (
	"net"
	"strconv"
	"sync"
	"testing"
)

// Many tests at once each get ports of their own, and can use them.
func TestFreePorts(t *testing.T) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int]bool{}
	for range 20 {
		wg.Go(func() {
			for _, p := range FreePorts(5) {
				mu.Lock()
				twice := seen[p]
				seen[p] = true
				mu.Unlock()
				if p < 10_000 || p > 19_999 || twice {
					t.Errorf("port %d, twice: %v", p, twice)
				}
				l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(p))
				if err != nil {
					t.Error(err)
					continue
				}
				defer l.Close()
			}
		})
	}
	wg.Wait()
}
