package nat

import "context"

// MaxServers is how many servers one Probe asks at the most.
const MaxServers = 8

// Probe asks STUN servers, given as "host:port" or "stun:host:port", all at
// once from one socket. Two servers on different hosts, or one that knows a
// second address of its own (RFC 5780), are needed to tell the mapping; only such
// a one can tell the filtering. Names are asked over IPv4 and IPv6.
//
// It takes some 300 ms where servers answer, of which most is waiting for what a
// filter holds back, and 1.1 s where they do not, and up to a second more for
// names that DNS does not know. When ctx ends
// first, the error is its own and the report holds what was found so far. Any
// other error means that nothing could be asked: silent servers are no error.
func Probe(ctx context.Context, servers ...string) (Report, error) {
	return probe(ctx, servers)
}
