//go:build !js && (cgo || windows)

package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/punchback/punchback/demo/scene"
)

// options are the flags.
func options() (scene.Options, error) {
	var o scene.Options
	flag.StringVar(&o.Server, "server", "ws://127.0.0.1:8080", "signaling server, as ws://host:port or wss://host")
	flag.StringVar(&o.Room, "room", "", "join this `room` at once")
	flag.IntVar(&o.Players, "players", 2, "players of a room at most, 2 to 4")
	flag.StringVar(&o.Name, "name", "", "your name, for the others to see")
	flag.StringVar(&o.Title, "title", "", "title of the window; empty is one that no other window has")
	flag.BoolVar(&o.Mute, "mute", false, "no sound")
	flag.BoolVar(&o.Split, "split", false, "begin with split screen")
	flag.BoolVar(&o.Autoplay, "autoplay", false, "a bot plays your seat")
	flag.BoolVar(&o.HUD, "hud", false, "begin with the network figures shown (F1)")
	flag.IntVar(&o.Lag, "lag", 0, "added to what you send, one way, in `ms`")
	flag.IntVar(&o.Jitter, "jitter", 0, "varies the lag, in `ms`")
	flag.Float64Var(&o.Loss, "loss", 0, "`share` of what you send that is lost, 0 to 0.9")
	flag.Parse()
	if flag.NArg() > 0 {
		return o, fmt.Errorf("demo: %q is no flag; -h shows them all", flag.Arg(0))
	}
	return o, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
