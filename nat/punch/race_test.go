//go:build race && !js

package punch

// slow is how much longer things may take under the race detector.
const slow = 4
