//go:build race || js

package mesh

const interleavings = 500
