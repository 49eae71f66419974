// Package portmap asks the router to open a UDP port: by PCP (RFC 6887), NAT-PMP
// (RFC 6886) or UPnP's Internet Gateway Device. All are asked at once whether they
// are there, which changes nothing at the router; then the first that is there
// makes the mapping, and the others only if it refuses, so that none is left over.
//
// A mapping is renewed at half its life and deleted by Close. It never asks for
// TCP, never opens more than the one port, and believes no answer that isn't
// from the router's own address and to the question that was asked. What UPnP
// says about where to ask is followed to the router alone: other machines answer
// searches, too, and would have us fetch whatever they like.
//
// In the browser a page has no UDP socket, so Map and Find say that it is not
// possible there.
package portmap
