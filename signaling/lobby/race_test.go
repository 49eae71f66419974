//go:build race || js

package lobby

const interleavings = 1_000 // each takes ten times as long here
