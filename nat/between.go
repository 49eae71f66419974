package nat

import "fmt"

// Way is how two players can be linked.
type Way uint8

// Ways.
const (
	WayUnknown Way = iota // too little is known: try, and relay if it fails
	Direct                // by punching through both NATs
	Mapped                // by a port that a router opens when asked (see nat/portmap)
	Birthday              // by many sockets at once, so that one guess of a port is right
	Relayed               // only by a server in between
)

func (w Way) String() string {
	return [...]string{"unknown", "direct", "mapped", "birthday", "relayed"}[w]
}

// Plan is how two machines should be linked, before anything is dialled.
type Plan struct {
	Way    Way
	AFirst bool // the first of the two should offer
	Why    string
}

// Between tells how two machines can be linked, by their reports alone. It is
// theory (RFC 5128, RFC 4787): a NAT may yet behave otherwise when it is punched.
//
// Whoever has the harder NAT should offer: the other end answers by sending first,
// which opens its own filter for what comes then.
func Between(a, b Report) Plan {
	p := between(&a, &b)
	p.AFirst = hardness(&a) >= hardness(&b)
	return p
}

func between(a, b *Report) Plan {
	switch {
	case a.UDP.Value == No || b.UDP.Value == No:
		return Plan{Way: Relayed, Why: "UDP is blocked at " + which(a.UDP.Value == No, b.UDP.Value == No)}
	case a.Public6.Value.IsValid() && b.Public6.Value.IsValid():
		return Plan{Way: Direct, Why: "both have IPv6"}
	case a.UDP.Value == Unknown || b.UDP.Value == Unknown:
		return Plan{Why: "it is not known whether UDP gets through"}
	case a.NAT() == No && b.NAT() == No:
		return Plan{Way: Direct, Why: "neither has a NAT"}
	case a.NAT() == Yes && b.NAT() == Yes && a.Public.Value.Addr() == b.Public.Value.Addr():
		return behindOne(a, b)
	}
	hardA, hardB := a.Varies.Value, b.Varies.Value
	switch {
	case hardA == Unknown || hardB == Unknown:
		return Plan{Why: "it is not known whether the public address varies with the destination"}
	case hardA == No && hardB == No:
		return Plan{Way: Direct, Why: "both keep one public address for everybody"}
	case a.Mapper.Value != "" && a.Nested.Value != Yes || b.Mapper.Value != "" && b.Nested.Value != Yes:
		return Plan{Way: Mapped, Why: "a router opens a port when asked"}
	case hardA == Yes && hardB == Yes:
		return Plan{Way: Relayed, Why: "both change their public address with the destination"}
	}
	easy := a // whose address can be told
	if hardA == Yes {
		easy = b
	}
	switch easy.Filtering.Value {
	case EndpointIndependent:
		return Plan{Way: Direct, Why: "one keeps its public address and lets everybody in"}
	case AddressDependent:
		return Plan{Way: Direct, Why: "one keeps its public address and lets in every port of the other's host"}
	case AddressAndPortDependent:
		return Plan{Way: Birthday, Why: "one changes its public address with the destination, and the other lets in only the port that it knows"}
	}
	return Plan{Why: "one changes its public address with the destination, and it is not known whom the other lets in"}
}

// behindOne is for two that have the same public address.
func behindOne(a, b *Report) Plan {
	x, y := a.Local.Value.Addr(), b.Local.Value.Addr()
	near, err := x.Prefix(24)
	switch {
	case err == nil && near.Contains(y) && a.Nested.Value != Yes:
		return Plan{Way: Direct, Why: fmt.Sprintf("both seem to be in one network, %v", near)}
	case a.Hairpin.Value == Yes && b.Hairpin.Value == Yes:
		return Plan{Way: Direct, Why: "both are behind one NAT, which lets them meet at their public addresses"}
	case a.Hairpin.Value == No || b.Hairpin.Value == No:
		return Plan{Way: Relayed, Why: "both are behind one NAT in different networks, and it does not let them meet at their public addresses"}
	}
	return Plan{Why: "both are behind one NAT, and it is not known whether they can meet there"}
}

func which(a, b bool) string {
	switch {
	case a && b:
		return "both"
	case a:
		return "the first"
	}
	return "the second"
}

// hardness orders NATs by how hard they are to get through.
func hardness(r *Report) int {
	if r.UDP.Value == No {
		return 16
	}
	h := 0
	switch r.Varies.Value {
	case Yes:
		h = 8
	case Unknown:
		h = 4
	}
	return h + int(r.Filtering.Value)
}

// Kind is a kind of network that other players sit in.
type Kind struct {
	Short  string // one word
	Name   string // for a person
	Report Report
}

// Kinds are those that are met most, from the easiest to the hardest. What Between
// says of two of them is what the labs of virtual and of kernels' NATs expect.
var Kinds = []Kind{
	{"open", "a public address", kind(No, EndpointIndependent)},
	{"cone", "a router that lets everybody in (full cone)", kind(No, EndpointIndependent)},
	{"addr", "a router that lets in whom it knows (address-restricted)", kind(No, AddressDependent)},
	{"port", "an ordinary home router (port-restricted)", kind(No, AddressAndPortDependent)},
	{"symm", "a carrier's or an office's NAT (symmetric)", kind(Yes, AddressAndPortDependent)},
	{"noudp", "a network without UDP", Report{UDP: Finding[Verdict]{Value: No}}},
}

func kind(varies Verdict, filtering Behavior) Report {
	mapping := EndpointIndependent
	if varies == Yes {
		mapping = AddressAndPortDependent
	}
	return Report{
		UDP: Finding[Verdict]{Value: Yes}, Varies: Finding[Verdict]{Value: varies},
		Mapping: Finding[Behavior]{Value: mapping}, Filtering: Finding[Behavior]{Value: filtering},
	}
}
