//go:build !js

package main

import (
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	child()
	os.Exit(m.Run())
}

// Everything works, in the smallest numbers: nothing is lost, doubled or
// refused. How fast it is says bench itself.
func TestAll(t *testing.T) {
	b := &bench{size: size{
		idle: 20, watch: 50 * time.Millisecond, pairs: 2, runs: 1, last: 100 * time.Millisecond, joins: 20,
		clients: 10, cuts: 5, stay: 20, half: 80, guesses: 200, fire: time.Second, public: 1000,
	}}
	if err := b.run(""); err != nil {
		t.Fatal(err)
	}
}
