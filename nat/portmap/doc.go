// Package portmap asks the router to open a UDP port, by PCP (RFC 6887), NAT-PMP
// (RFC 6886) or UPnP's Internet Gateway Device. It first asks for all three at once,
// which changes nothing at the router. Then the first that answered makes the mapping,
// and the others are used only if it refuses, so that no mapping is left over.
//
// A mapping is renewed at half its life and deleted by Close. The package never asks
// for TCP and never opens more than the one port. It believes only answers from the
// router's own address to the question that it asked. Of UPnP it follows locations on
// the router alone: other machines answer searches, too, and could make us fetch
// anything.
//
// A page has no UDP socket, so in the browser Map and Find return an error.
package portmap
