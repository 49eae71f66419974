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
// # They don't connect: what now
//
//	go run github.com/punchback/punchback/nat/cmd/natcheck [play.example.org:3478]
//
// draws what stands between this machine and the internet, says with which kinds of
// networks a direct link will work, and why. With the address of your own server
// it asks that one. -json is for programs; the exit status tells direct, relay
// only and blocked apart.
//
// In the game, Match.Peer of package rtc reports the path of each link, its round
// trip, loss and jitter, the phases of connecting in milliseconds, and why it is not
// direct. An error names one of the causes of package punch. Two options open direct
// paths that would otherwise need the relay: PortMap asks the router to open a
// port, and Birthday guesses the ports of a symmetric NAT with a few hundred
// packets, if both ends set it and the server has a second address (-stun2).
//
// For somebody else's link there is Room.Trace, the black box of connecting: a small
// file without secrets, with addresses masked, that a player sends you (F2 or the
// page's button in the demo, -trace FILE for a bot). natcheck trace FILE tells it in
// words: what happened when, which pair failed, why, and what to do.
//
// # In the browser
//
// A page has no UDP socket. There a Report is what the candidates
// of the browser's own ICE show: whether UDP gets through, the public addresses,
// and, with two servers, whether the address varies. The rest is Unknown.
package nat
