// Package browsers starts real browsers for the tests of any room: Chromium,
// Firefox and WebKit, as a person has them, since what a hidden tab or an
// address of the LAN does to a game shows nowhere else. It also waits as such
// tests should, by progress and not by the clock, and finds an address of the
// LAN, at which a page is no secure context. No program imports it, and it knows
// nothing of games.
package browsers
