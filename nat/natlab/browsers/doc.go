// Package browsers starts real browsers for the tests of any package: Chromium,
// Firefox and WebKit. Only a real browser shows what a hidden tab or a LAN address
// does to a game. The package also waits as such tests should, for progress instead of
// for a time, and finds an address of the LAN, where a page is no secure context. No
// program imports it, and it knows nothing of games.
package browsers
