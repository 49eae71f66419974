//go:build !race && !js

package mesh

const interleavings = 10_000
