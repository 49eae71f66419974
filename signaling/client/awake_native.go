//go:build !js

package client

// awake would call f when this machine was asleep or is in another network; of
// that nobody tells a program natively, but the clock does, see session.
func awake(func()) (stop func()) { return func() {} }

// keepTime does nothing: timers are in time natively.
func keepTime() (stop func()) { return func() {} }
