// Package natlab proves nat/punch on real kernels' NATs: network namespaces with
// nftables as home routers, a wire of our own for delay and loss (the kernels that
// tests run on have no netem), and this module's relay in the middle. It has
// nothing to import: it is tests, with the tag netns, for Linux and root.
//
//	go test ./nat/natlab -tags netns -run Matrix -v -figures
//
// What must come out, directly or by the relay, is what nat.Between says of the two
// kinds; the doctor (nat/cmd/natcheck) finds out what each NAT does, asking our own
// service and asking coturn, which is a relay here, too. Without -figures times are
// printed and nothing more, since many links are made at once; -repeats N makes more
// of each. Namespaces are named pb-PID-LAB-NAME, and go when the tests end, however
// they do.
//
// The same kinds of NATs as a simulation, without root and in no time, are in the
// tests of nat/punch. Browsers are not here: see the tests with the tag worlds.
package natlab
