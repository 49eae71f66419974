//go:build !js

package punch

import "sync"

// tasks are goroutines that end with their owner. Some are begun by callbacks,
// which may come when the owner has ended: those are not begun.
type tasks struct {
	mu   sync.Mutex
	over bool
	wg   sync.WaitGroup
}

func (t *tasks) begin(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.wg.Go(f)
	}
}

// end waits for all, which somebody else has told to end.
func (t *tasks) end() {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	t.wg.Wait()
}
