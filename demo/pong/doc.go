// Pong is one whole online game in one file, to copy: pong.go. Run it in the
// browser with go run ./demo/web -tabs 2 ./demo/pong, or natively beside
// go run ./signaling, as go run ./demo/pong, twice.
package main
