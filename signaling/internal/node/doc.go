// Package node is the part of a cluster that is in each server. To its server a Node looks
// like a lobby, and like one it takes events and gives messages. It keeps the rooms of the
// slots that this server owns, and carries what the sockets here say to the owners of all
// other slots. It never opens a socket, starts a goroutine or reads a clock: leases and
// packets go through the Outlet to a cluster.Cluster, and time is a function. It is not for
// the browser.
package node
