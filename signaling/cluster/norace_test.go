//go:build !race

package cluster

const seeds = 100
