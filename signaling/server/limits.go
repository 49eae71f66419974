package server

import (
	"cmp"
	"fmt"
	"time"
)

// Limits of a server. Zero means the default.
type Limits struct {
	Sockets  int           // WebSockets at once; default 10,000
	Rooms    int           // at once, of those that this server keeps; default 10,000
	Rate     int           // messages a second of one connection; default 50, of which 4 seconds' worth can come at once
	Queue    int           // bytes waiting for a slow client before it is dropped; default 256 KiB
	Hello    time.Duration // for the first message; default 10 s
	Silence  time.Duration // after which a connection is lost; default 20 s
	Grace    time.Duration // that a member without connection is kept, and a place for a member that nobody can link to; default 30 s
	Fresh    time.Duration // after which a member is given new credentials for the relay; default 5 min
	Play     time.Duration // that it is kept while others in its match are linked to it; default 10 min
	Patience time.Duration // that a match waits for members that are away, or not linked to the others; default 10 s
	Doubt    time.Duration // of silence, after which a connection counts as dead for one that comes in its place; default 7 s
	Settle   time.Duration // from the start, in which a code that leads nowhere may be that of a room whose members are not back yet; default 3 s; negative: none

	Kept   int // bytes kept for members that are away, and of what others have yet to confirm, about; default 2 KiB for each of Sockets. Beyond it what nobody connected waits for is forgotten first
	Unsent int // bytes waiting for all slow clients, and of messages of which some has come; default 1 KiB for each of Sockets. Beyond it slow ones are dropped

	// An address is an IPv4 one, or an IPv6 network of 64 bits. Larger networks have
	// limits, too: of IPv4 those of 24 bits, and of IPv6 those of 48, may do four times
	// what one address may do; of IPv6 those of 56 twice.
	AddressSockets  int // WebSockets at once from one address; default 256
	AddressConnects int // that may come in a second, of which 10 seconds' worth can come at once; default 10
	AddressRate     int // messages a second from one address, of which 4 seconds' worth can come at once; default 1,000
	AddressKept     int // bytes kept for the members of one of the largest of these networks, about, in the same way; default 8 MiB
	AddressQueue    int // bytes that wait for its slow clients, or for the rest of messages of which some has come; default 2 MiB
}

func (l *Limits) fill() error {
	for _, d := range []struct {
		field *int
		value int
		name  string
	}{{&l.Sockets, 10_000, "sockets"}, {&l.Rooms, 10_000, "rooms"}, {&l.Rate, 50, "rate"}, {&l.Queue, 256 << 10, "queue"},
		{&l.AddressSockets, 256, "address sockets"}, {&l.AddressConnects, 10, "address connects"}, {&l.AddressRate, 1000, "address rate"},
		{&l.AddressKept, 8 << 20, "address kept"}, {&l.AddressQueue, 2 << 20, "address queue"},
		{&l.Kept, 0, "kept"}, {&l.Unsent, 0, "unsent"}} {
		if *d.field < 0 {
			return fmt.Errorf("server: limit of %s %d: want 1 or more, or 0 for %d", d.name, *d.field, d.value)
		}
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	l.Kept, l.Unsent = cmp.Or(l.Kept, max(2<<10*l.Sockets, 1<<20)), cmp.Or(l.Unsent, max(1<<10*l.Sockets, 4*l.Queue))
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&l.Hello, 10 * time.Second}, {&l.Silence, 20 * time.Second}, {&l.Grace, 30 * time.Second}, {&l.Fresh, 5 * time.Minute}, {&l.Play, 10 * time.Minute}, {&l.Patience, 10 * time.Second}, {&l.Doubt, 7 * time.Second}, {&l.Settle, 3 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return nil
}
