//go:build race

package node

const seeds = 15
