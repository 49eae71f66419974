// Package nat tells what stands between this machine and the internet: whether
// UDP gets through, which address the world sees, and whether that address
// changes with the destination, which decides if two players can meet directly.
//
// It asks STUN servers and believes only what answers prove: every verdict has
// its evidence beside it, and what one cannot know is Unknown. Between compares
// two such reports and tells how the two can be linked. It never changes
// the network, opens no port, keeps nothing running after Probe returns, and
// connects nobody (that is nat/punch).
//
// In the browser a page has no UDP socket. There a Report is what the candidates
// of the browser's own ICE show: whether UDP gets through, the public addresses,
// and, with two servers, whether the address varies. The rest is Unknown.
package nat
