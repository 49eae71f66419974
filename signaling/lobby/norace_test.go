//go:build !race && !js

package lobby

const interleavings = 10_000
