//go:build !cgo && !windows && !js

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "pong: a window needs a C compiler and headers, which this build did without: go run ./demo tells which. The browser needs neither: go run ./demo/web ./demo/pong")
	os.Exit(1)
}
