//go:build !js

package rtc

func here() string { return "" }
