package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// news is what open pages are told: which build there is, and why the newest
// one failed.
type news struct {
	Build  string `json:"build"`
	Broken string `json:"broken,omitempty"`
}

// live tells every open page the latest news; what came before is of no use to
// anybody, so nothing queues.
type live struct {
	mu      sync.Mutex
	latest  news
	changed chan struct{} // closed at the next news
	ended   bool
	pages   sync.WaitGroup
}

func (l *live) tell(n news) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest = n
	l.wake()
}

func (l *live) wake() {
	if l.changed != nil {
		close(l.changed)
	}
	l.changed = make(chan struct{})
}

func (l *live) now() (n news, changed <-chan struct{}, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latest, l.changed, l.ended
}

// serve keeps one page informed until it goes away. A page of another origin is
// refused by the WebSocket library.
func (l *live) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return
	}
	l.pages.Add(1)
	l.mu.Unlock()
	defer l.pages.Done()

	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	gone := ws.CloseRead(ctx)
	for {
		n, changed, ended := l.now()
		if ended {
			ws.Close(websocket.StatusGoingAway, "")
			return
		}
		slow, cancel := context.WithTimeout(ctx, 10*time.Second)
		err := wsjson.Write(slow, ws, n)
		cancel()
		if err != nil {
			return
		}
		select {
		case <-changed:
		case <-gone.Done():
			return
		}
	}
}

// close ends every page's connection and waits for it.
func (l *live) close() {
	l.mu.Lock()
	if !l.ended {
		l.ended = true
		l.wake()
	}
	l.mu.Unlock()
	l.pages.Wait()
}
