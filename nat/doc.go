// Package nat finds out what stands between this machine and the internet: whether
// UDP gets through, which public address the machine has, and whether that address
// changes with the destination. The last decides whether two players can meet
// directly.
//
// It asks STUN servers and believes only what their answers prove. Every verdict
// comes with its evidence, and what cannot be known is Unknown. Between compares two
// such reports and says how the two machines can be linked. The package never
// changes the network, opens no port, keeps nothing running after Probe returns, and
// connects nobody (package punch does).
//
// # Players cannot connect: what now
//
//	go run github.com/punchback/punchback/nat/cmd/natcheck [play.example.org:3478]
//
// draws what stands between this machine and the internet, and says with which kinds
// of networks a direct link will work, and why. Give it the address of your own
// server to ask that one. -json is for programs; the exit status distinguishes
// direct, relay only and blocked.
//
// In the game, Match.Peer of package rtc reports the path of each link, its round
// trip, loss and jitter, the phases of connecting in milliseconds, and why the path
// is not direct. An error names one of the causes of package punch. Two options open
// direct paths that would otherwise need the relay: PortMap asks the router to open a
// port, and Birthday guesses the ports of a symmetric NAT with a few hundred packets,
// if both ends set it and the server has a second address (-stun2).
//
// For a link on another player's machine there is Room.Trace, the black box of
// connecting: a small file without secrets, with masked addresses, that the player
// sends you (F2 or the page's button in the demo, -trace FILE for a bot). natcheck
// trace FILE explains it in words: what happened when, which pair failed, why, and
// what to do.
//
// # In the browser
//
// A page has no UDP socket. There a Report rests on the candidates of the browser's
// own ICE: whether UDP gets through, the public addresses and, with two servers,
// whether the address varies. The rest is Unknown.
package nat
