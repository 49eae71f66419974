//go:build !race && !js

package punch

const raced = false
