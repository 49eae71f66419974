//go:build !js

package punch_test

import (
	"fmt"

	"github.com/punchback/punchback/nat/punch"
)

// Two ends in one process: what one says by NextSignal is carried to Signal of the
// other. In a game the signaling server carries it, as package rtc does for you.
func Example() {
	news := make(chan struct{}, 1)
	notify := func() {
		select {
		case news <- struct{}{}:
		default:
		}
	}
	var ends [2]*punch.Link
	for i := range ends {
		var err error
		if ends[i], err = punch.New(punch.Options{Offer: i == 0, Notify: notify}); err != nil {
			fmt.Println(err)
			return
		}
		defer ends[i].Close()
	}
	for sent := false; ; <-news {
		for i, end := range ends {
			for signal, ok := end.NextSignal(); ok; signal, ok = end.NextSignal() {
				_ = ends[1-i].Signal(signal) // junk would be an error, and harms nothing
			}
			if end.State() == punch.Closed {
				fmt.Println(end.Err())
				return
			}
		}
		if !sent && ends[0].State() == punch.Open {
			if err := ends[0].SendMessage([]byte("hello")); err != nil {
				fmt.Println(err)
				return
			}
			sent = true
		}
		if m, ok := ends[1].RecvMessage(); ok {
			fmt.Printf("%s\n", m)
			return
		}
	}
	// Output: hello
}
