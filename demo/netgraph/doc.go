// Package netgraph draws how a match goes on the wire over any Ebiten game:
// round trip, path with its addresses and why it is no direct one, rollback depth,
// frames waited and confirmed lag, with the
// last seconds as a small graph. It only reads netcode.Stats and a
// punch.Report, and asks nothing of the game.
package netgraph
