//go:build !js

package portmap

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	longestDescription = 256 << 10 // bytes
	longestReply       = 64 << 10
	maxServices        = 64 // in a description
	maxPorts           = 8  // that are tried where the router has given them to others
)

// services are the kinds that open ports, the best first.
var services = []string{
	"urn:schemas-upnp-org:service:WANIPConnection:2",
	"urn:schemas-upnp-org:service:WANIPConnection:1",
	"urn:schemas-upnp-org:service:WANPPPConnection:1",
}

// What a router answers (UPnP WANIPConnection:1 section 2.4, :2 section 2.5).
const (
	noSuchEntry   = 714
	conflict      = 718
	onlyPermanent = 725
	otherConflict = 729 // with a mapping by PCP or the router's own
)

// fault is a router's refusal.
type fault struct {
	action string
	code   int
}

func (f fault) Error() string {
	return fmt.Sprintf("portmap: the router refused %s by UPnP, code %d", f.action, f.code)
}

// asker fetches from the router: straight, nothing packed, and no redirects.
var asker = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// fetchLimit is how long one answer may take, its body included.
var fetchLimit = 2 * time.Second

// fetch returns the status and the body of an answer.
func fetch(ctx context.Context, q *http.Request, limit int) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	a, err := asker.Do(q.WithContext(ctx))
	if err != nil {
		return 0, nil, fmt.Errorf("portmap: the router's UPnP: %w", err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(io.LimitReader(a.Body, int64(limit)+1))
	switch {
	case err != nil:
		return 0, nil, fmt.Errorf("portmap: the router's UPnP: %w", err)
	case len(body) > limit:
		return 0, nil, fmt.Errorf("portmap: the router's UPnP answers with more than %d bytes", limit)
	}
	return a.StatusCode, body, nil
}

// read makes a decoder for XML as routers write it: in whichever 8-bit charset,
// while what we need of it is ASCII.
func read(b []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(bytes.ToValidUTF8(b, []byte("?"))))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return d
}

// service is one of a device's.
type service struct {
	Kind    string `xml:"serviceType"`
	Control string `xml:"controlURL"`
}

// decodeDescription finds the services that open ports, the best first, however
// deep they lie in devices within devices (UPnP Device Architecture 1.1 section
// 2.3), and the base of their addresses, which is empty if it's the description's.
func decodeDescription(b []byte) (base string, found []service, err error) {
	d := read(b)
	for n := 0; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return "", nil, fmt.Errorf("portmap: the router's UPnP description: %w", err)
		}
		start, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case start.Name.Local == "URLBase":
			err = d.DecodeElement(&base, &start)
		case start.Name.Local == "service":
			if n++; n > maxServices {
				return "", nil, fmt.Errorf("portmap: the router's UPnP description has more than %d services", maxServices)
			}
			var s service
			err = d.DecodeElement(&s, &start)
			if s.Kind, s.Control = strings.TrimSpace(s.Kind), strings.TrimSpace(s.Control); slices.Contains(services, s.Kind) && s.Control != "" {
				found = append(found, s)
			}
		}
		if err != nil {
			return "", nil, fmt.Errorf("portmap: the router's UPnP description: %w", err)
		}
	}
	if len(found) == 0 {
		return "", nil, errors.New("portmap: the router's UPnP device has no service that opens ports")
	}
	slices.SortStableFunc(found, func(a, b service) int { return slices.Index(services, a.Kind) - slices.Index(services, b.Kind) })
	return strings.TrimSpace(base), found, nil
}

// decodeReply reads the results of an action (section 3.2.2), or its fault.
func decodeReply(b []byte, action string) (map[string]string, error) {
	results := map[string]string{}
	answered := false
	d := read(b)
	for name := ""; ; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("portmap: the router's UPnP answer: %w", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			name = t.Name.Local
			answered = answered || name == action+"Response"
		case xml.EndElement:
			name = ""
		case xml.CharData:
			if name != "" {
				results[name] += strings.TrimSpace(string(t))
			}
		}
	}
	if s, ok := results["errorCode"]; ok {
		code, err := strconv.Atoi(s)
		if err != nil || code <= 0 {
			return nil, fmt.Errorf("portmap: the router's UPnP answers with code %.20q", s)
		}
		return nil, fault{action, code}
	}
	if !answered {
		return nil, fmt.Errorf("portmap: the router's UPnP answers %s with something else", action)
	}
	return results, nil
}

// igd is a service of the router's gateway device.
type igd struct {
	service  service
	at       *url.URL
	self     netip.Addr // to which mappings lead
	external netip.Addr // as the service told at first

	port      uint16 // the outer one of the mapping; zero: none
	permanent bool   // the router knows no leases
}

// describe fetches a description and returns the first of its services that tells
// a usable outer address: of several connections often just one is up.
func describe(ctx context.Context, at *url.URL, self, router netip.Addr) (*igd, error) {
	q, err := http.NewRequest(http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("portmap: %w", err)
	}
	status, body, err := fetch(ctx, q, longestDescription)
	if err != nil {
		return nil, err
	} else if status != http.StatusOK {
		return nil, fmt.Errorf("portmap: the router's UPnP description: status %d", status)
	}
	base, found, err := decodeDescription(body)
	if err != nil {
		return nil, err
	}
	from, err := ours(nil, base, router)
	if err != nil {
		from = at // None, or one that is wrong, as happens; UPnP 1.1 has given it up.
	}
	for _, s := range found {
		d := &igd{service: s, self: self}
		if d.at, err = ours(from, s.Control, router); err != nil {
			continue
		}
		if d.external, err = d.address(ctx); err == nil {
			return d, nil
		}
	}
	return nil, err
}

// call has the service do something; arguments are names and values in turn, in
// the order of its definition.
func (d *igd) call(ctx context.Context, action string, arguments ...string) (map[string]string, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<?xml version="1.0"?>`+"\r\n"+`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:%s xmlns:u="%s">`, action, d.service.Kind)
	for a := range slices.Chunk(arguments, 2) {
		fmt.Fprintf(&b, "<%s>%s</%s>", a[0], a[1], a[0])
	}
	fmt.Fprintf(&b, "</u:%s></s:Body></s:Envelope>\r\n", action)
	q, err := http.NewRequest(http.MethodPost, d.at.String(), &b)
	if err != nil {
		return nil, fmt.Errorf("portmap: %w", err)
	}
	q.Header.Set("Content-Type", `text/xml; charset="utf-8"`)
	q.Header["SOAPACTION"] = []string{`"` + d.service.Kind + "#" + action + `"`} // Some routers want the case.
	status, body, err := fetch(ctx, q, longestReply)
	if err != nil {
		return nil, err
	}
	results, err := decodeReply(body, action)
	if f := (fault{}); err != nil && !errors.As(err, &f) && status != http.StatusOK {
		return nil, fmt.Errorf("portmap: the router's UPnP answers %s with status %d", action, status)
	}
	return results, err
}

// address asks for the router's outer address.
func (d *igd) address(ctx context.Context) (netip.Addr, error) {
	r, err := d.call(ctx, "GetExternalIPAddress")
	if err != nil {
		return netip.Addr{}, err
	}
	s := r["NewExternalIPAddress"]
	ip, err := netip.ParseAddr(s)
	if err != nil || !ip.Is4() || !usable(ip) {
		return netip.Addr{}, fmt.Errorf("portmap: the router's UPnP has the outer address %.40q, to which nobody can send", s)
	}
	return ip, nil
}

func (*igd) protocol() Protocol { return UPnP }

func (d *igd) ask(ctx context.Context, port uint16, life uint32, _ netip.AddrPort) (grant, error) {
	if life == 0 {
		return grant{}, d.remove(ctx, d.port)
	}
	ip, err := d.address(ctx) // first, so that nothing is left over if it fails
	if err != nil {
		return grant{}, err
	}
	outer, renews := d.port, d.port != 0
	if !renews {
		outer = port
	}
	free := !renews && d.service.Kind == services[0] // of version 2, which picks a free port itself
	for tries := 0; ; {
		given, err := d.add(ctx, outer, port, life, free)
		var f fault
		switch {
		case err == nil:
			d.port = given
			return grant{netip.AddrPortFrom(ip, given), life}, nil
		case !errors.As(err, &f):
			// Nobody knows what the router did, so we undo it.
			if !renews {
				_ = d.remove(context.WithoutCancel(ctx), outer)
			}
			return grant{}, err
		case f.code == onlyPermanent && !d.permanent:
			d.permanent = true
		case free:
			free = false // Not all of version 2 offer it.
		case (f.code == conflict || f.code == otherConflict) && tries < maxPorts:
			tries++
			renews, outer = false, uint16(1024+rand.N(65536-1024))
		default:
			return grant{}, err
		}
	}
}

// add asks for one mapping, and returns the outer port that was given.
func (d *igd) add(ctx context.Context, outer, port uint16, life uint32, free bool) (uint16, error) {
	if d.permanent {
		life = 0
	}
	action := "AddPortMapping"
	if free {
		action = "AddAnyPortMapping"
	}
	r, err := d.call(ctx, action, "NewRemoteHost", "", "NewExternalPort", fmt.Sprint(outer), "NewProtocol", "UDP",
		"NewInternalPort", fmt.Sprint(port), "NewInternalClient", d.self.String(), "NewEnabled", "1",
		"NewPortMappingDescription", "punchback", "NewLeaseDuration", fmt.Sprint(life))
	if err != nil || !free {
		return outer, err
	}
	given, err := strconv.ParseUint(r["NewReservedPort"], 10, 16)
	if err != nil || given == 0 {
		return 0, fmt.Errorf("portmap: the router's UPnP reserved the port %.20q", r["NewReservedPort"])
	}
	return uint16(given), nil
}

// remove deletes the mapping of an outer port; one that is gone is as good.
func (d *igd) remove(ctx context.Context, outer uint16) error {
	if outer == 0 {
		return nil
	}
	_, err := d.call(ctx, "DeletePortMapping", "NewRemoteHost", "", "NewExternalPort", fmt.Sprint(outer), "NewProtocol", "UDP")
	if f := (fault{}); errors.As(err, &f) && f.code == noSuchEntry {
		return nil
	}
	return err
}
