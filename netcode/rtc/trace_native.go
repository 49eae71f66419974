//go:build !js

package rtc

import "github.com/punchback/punchback/nat/trace"

// offerTrace does nothing: there is no page.
func offerTrace(*trace.Log) {}

// keepTrace does nothing: a program that has ended has no page that asks.
func keepTrace(*trace.Log) {}
