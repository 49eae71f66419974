//go:build !cgo && !windows && !js

package main

import (
	"fmt"
	"os"
)

const install = "sudo apt-get install -y gcc libc6-dev pkg-config libgl-dev libx11-dev libxrandr-dev libxcursor-dev libxi-dev libxinerama-dev libxxf86vm-dev libasound2-dev"

func main() {
	fmt.Fprintf(os.Stderr, "demo: a window needs a C compiler and headers, which this build did without. On Debian and Ubuntu:\n\n\t%s\n\nOn macOS: xcode-select --install. The browser needs neither: go run ./demo/web\n", install)
	os.Exit(1)
}
