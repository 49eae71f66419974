//go:build race || js

package netcode_test

// slow says that everything takes about ten times as long in this build.
const slow = true
