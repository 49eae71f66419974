//go:build !js

package rtc

// reportEnd does nothing here: a program without a page says by itself what Advance,
// Match and Join return.
func reportEnd(error) {}

// show does nothing here either.
func show(code, link string, phase Phase) {}
