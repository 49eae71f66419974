//go:build unix

package browsers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// bidi is a client of WebDriver BiDi: commands and their answers, and events,
// over one WebSocket. https://www.w3.org/TR/webdriver-bidi
type bidi struct {
	conn  *websocket.Conn
	event func(method string, params json.RawMessage) // called by one goroutine, in order
	ended chan struct{}

	mu      sync.Mutex
	last    int
	waiting map[int]chan reply
}

type reply struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"` // success, error, event
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
}

func dialBiDi(url string, event func(string, json.RawMessage)) (*bidi, error) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(64 << 20) // pictures
	b := &bidi{conn: conn, event: event, ended: make(chan struct{}), waiting: map[int]chan reply{}}
	go b.read() // ends with the connection
	return b, nil
}

func (b *bidi) read() {
	defer close(b.ended)
	for {
		_, text, err := b.conn.Read(context.Background())
		if err != nil {
			return
		}
		var r reply
		if json.Unmarshal(text, &r) != nil {
			continue
		}
		if r.Type == "event" {
			b.event(r.Method, r.Params)
			continue
		}
		b.mu.Lock()
		w := b.waiting[r.ID]
		delete(b.waiting, r.ID)
		b.mu.Unlock()
		if w != nil {
			w <- r
		}
	}
}

type object = map[string]any

// call sends a command and waits for its answer.
func (b *bidi) call(method string, params object, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	w := make(chan reply, 1)
	b.mu.Lock()
	b.last++
	id := b.last
	b.waiting[id] = w
	b.mu.Unlock()
	text, err := json.Marshal(object{"id": id, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := b.conn.Write(ctx, websocket.MessageText, text); err != nil {
		return fmt.Errorf("browsers: %s: %w", method, err)
	}
	select {
	case r := <-w:
		if r.Type != "success" {
			return fmt.Errorf("browsers: %s: %s: %s", method, r.Error, r.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Result, result)
	case <-b.ended:
		return fmt.Errorf("browsers: %s: %w", method, errors.New("the browser has ended"))
	case <-ctx.Done():
		return fmt.Errorf("browsers: %s: %w", method, ctx.Err())
	}
}

func (b *bidi) close() {
	_ = b.conn.CloseNow()
	<-b.ended
}
