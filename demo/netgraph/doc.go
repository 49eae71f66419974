// Package netgraph draws the network side of a match over any Ebiten game: round trip,
// path with its addresses and the reason why it is not direct, rollback depth, waited
// frames and confirmed lag, with the last seconds as a small graph. It only reads
// netcode.Stats and a punch.Report, and asks nothing of the game. In the browser it is the
// same.
package netgraph
