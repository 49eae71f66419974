package cluster_test

import (
	"context"
	"log"

	"github.com/punchback/punchback/signaling/cluster"
	"github.com/punchback/punchback/signaling/server"
)

// A program that has the signaling service in it becomes one of several by a
// Cluster; without one it is alone.
func Example() {
	ctx := context.Background()
	c, err := cluster.NATS(ctx, "nats://10.0.0.1:4222,nats://10.0.0.2:4222", cluster.NATSOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close() // after the server
	if err := server.Run(ctx, server.Config{Addr: ":8080", Cluster: c}); err != nil {
		log.Fatal(err)
	}
}
