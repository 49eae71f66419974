//go:build !js

package rtc

func here() string { return "" }

// around is this machine's own signaling server, as go run ./signaling and
// go run ./demo/web start it.
func around() place { return place{server: "ws://127.0.0.1:8080"} }
