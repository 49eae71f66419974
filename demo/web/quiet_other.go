//go:build !linux

package main

// quietly runs work; only Linux has priorities for single threads that need no
// right of their own.
func quietly(work func() error) error { return work() }
