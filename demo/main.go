//go:build cgo || windows || js

package main

import "github.com/punchback/punchback/demo/scene"

func main() {
	o, err := options()
	if err == nil {
		err = scene.Run(o)
	}
	if err != nil {
		fail(err)
	}
}
