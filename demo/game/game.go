// Package game is the brawl: a pure netcode.Game that never imports ebiten or rtc.
package game
