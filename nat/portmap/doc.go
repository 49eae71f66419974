// Package portmap asks the router to open a UDP port: by PCP (RFC 6887), or by
// NAT-PMP (RFC 6886) where the router speaks only that. Both are asked at once
// whether they are there, which changes nothing at the router; then one of them
// makes the mapping, so that none is left over.
//
// A mapping is renewed at half its life and deleted by Close. It never asks for
// TCP, never opens more than the one port, and believes no answer that isn't
// from the router's own address and to the question that was asked. It does not
// speak UPnP.
//
// In the browser a page has no UDP socket, so Map and Find say that it is not
// possible there.
package portmap
