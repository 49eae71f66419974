// Package natlab is a small internet for tests, of this machine's own kernel: a
// server, homes behind routers with NAT, and players, each a network namespace.
// Cables can be pulled, and whatever runs on a machine can be stopped, woken and
// killed. The wires have a delay and lose packets; they are ours, since the kernels
// that tests run on have no netem.
//
//	lab := natlab.New(t, natlab.Wire{RTT: 60 * time.Millisecond})
//	home := lab.Internet.Home("port")
//	err := home.Command("ping", "-c", "1", lab.Server.Addr.String()).Run()
//
// It takes Linux, root, and the tools ip, nft and ethtool; a test on a machine that
// lacks one is skipped. On other systems there is FreePorts alone. Namespaces are named
// pb-PID-LAB-NAME and go, with all that runs in them, when the tests end, however
// they do. No program imports this package, and it knows nothing of games.
//
// The tests here, with the tag netns, prove nat/punch on these NATs, with this
// module's relay in the middle:
//
//	go test ./nat/natlab -tags netns -run Matrix -v -figures
//
// What must come out, directly or by the relay, is what nat.Between says of the two
// kinds; the doctor (nat/cmd/natcheck) finds out what each NAT does, asking our own
// service and asking coturn, which is a relay here, too. Without -figures times are
// printed and nothing more, since many links are made at once; -repeats N makes more
// of each.
//
// The same kinds of NATs as a simulation, without root and in no time, are in the
// tests of nat/punch. Browsers are in natlab/browsers.
package natlab
