package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// The service inside a program of your own, which decides who comes in: here by the room,
// in earnest by a cookie, too.
func ExampleNew() {
	s, err := server.New(server.Config{
		Turn: "off",
		Admit: func(ctx context.Context, r *http.Request, p protocol.Place) error {
			if p.Code != "FINAL-1" {
				return fmt.Errorf("nobody plays in %s tonight", p.Code)
			}
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	h := httptest.NewServer(s)
	defer h.Close()
	for _, code := range []string{"FINAL-1", "OTHER"} {
		news := make(chan struct{}, 1)
		c, err := client.Dial("ws"+strings.TrimPrefix(h.URL, "http")+"/pong/"+code, client.Options{Notify: func() {
			select {
			case news <- struct{}{}:
			default:
			}
		}})
		if err != nil {
			fmt.Println(err)
			return
		}
		for c.Err() == nil && !c.Up() {
			<-news
		}
		fmt.Printf("%s: in the room: %v, %v\n", code, c.Up(), c.Err())
		c.Close()
	}
	// Output:
	// FINAL-1: in the room: true, <nil>
	// OTHER: in the room: false, signaling: nobody plays in OTHER tonight
}
