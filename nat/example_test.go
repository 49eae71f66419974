//go:build !js

package nat_test

import (
	"context"
	"fmt"

	"github.com/punchback/punchback/nat"
	"github.com/punchback/punchback/signaling/relay"
)

// A machine asks a STUN server what stands between the two; here both are the same
// machine, with nothing between.
func ExampleProbe() {
	server, err := relay.Listen(relay.Config{Addr: "127.0.0.1:0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	report, err := nat.Probe(context.Background(), server.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("UDP gets through:", report.UDP.Value)
	fmt.Println("its own address is the public one:", report.Public.Value == report.Local.Value)
	// Output:
	// UDP gets through: yes
	// its own address is the public one: true
}

// Two players behind such networks: can they be linked directly, and which of the two
// should offer?
func ExampleBetween() {
	for _, other := range nat.Kinds[3:] {
		plan := nat.Between(nat.Kinds[4].Report, other.Report)
		fmt.Printf("%s with %s: %v\n", nat.Kinds[4].Short, other.Short, plan.Way)
	}
	// Output:
	// symm with port: birthday
	// symm with symm: relayed
	// symm with noudp: relayed
}
