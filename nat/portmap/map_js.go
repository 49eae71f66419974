package portmap

import (
	"context"
	"errors"
	"net/netip"
)

var errBrowser = errors.New("portmap: a page in a browser cannot ask a router for a port")

// mapping is what no page can have.
type mapping struct{ protocol Protocol }

func (*mapping) address() netip.AddrPort { return netip.AddrPort{} }
func (*mapping) close() error            { return nil }

func open(context.Context, Request) (*mapping, error)      { return nil, errBrowser }
func find(context.Context, netip.AddrPort) (Report, error) { return Report{}, errBrowser }
