//go:build !race && !js

package punch

const slow = 1
