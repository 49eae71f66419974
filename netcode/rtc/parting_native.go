//go:build !js

package rtc

// parting would have the room say goodbye when its page is left; a program closes it.
func (r *Room) parting() (stop func()) { return func() {} }
