//go:build !js

package server_test

import (
	"testing"
	"time"

	"github.com/punchback/punchback/signaling/client"
	"github.com/punchback/punchback/signaling/protocol"
)

// A room is in the list of every server of a cluster.
func TestTheListOfACluster(t *testing.T) {
	c := startThree(t)
	var codes []string
	for _, url := range c.urls {
		a, err := client.Dial(url+"/toy?new", client.Options{Build: "1", Room: &protocol.Room{Public: true}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close() })
		for codes = append(codes, ""); codes[len(codes)-1] == ""; {
			if m, ok := a.Recv(); ok && m.Kind == protocol.Welcome {
				codes[len(codes)-1] = m.Code
			}
			time.Sleep(time.Millisecond)
			if a.Err() != nil {
				t.Fatal(a.Err())
			}
		}
	}
	for i, url := range c.urls {
		rooms, err := client.List(t.Context(), url+"/toy", "1", protocol.Query{})
		if err != nil || len(rooms) != len(codes) {
			t.Fatalf("server %d: %+v, %v", i, rooms, err)
		}
		for j, r := range rooms {
			if r.Code != codes[j] || r.Members != 1 {
				t.Errorf("server %d: %+v", i, r)
			}
		}
	}
}
