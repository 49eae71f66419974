// Package netcode keeps one game in step on several machines with rollback:
// it predicts what the others do, and when a prediction was wrong it rolls the
// game back and steps it again.
//
// For an online game import netcode and netcode/rtc, and start from
// demo/pong, which is one whole online game in one file. This package alone
// opens no socket.
package netcode
