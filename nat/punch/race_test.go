//go:build race

package punch

// raced tells that the race detector is on, which needs memory of its own.
const raced = true
