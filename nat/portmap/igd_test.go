//go:build !js

package portmap

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// device is a fake gateway device. What it isn't told to do otherwise, it does
// as an honest one.
type device struct {
	*httptest.Server
	kind        string
	description func(w http.ResponseWriter)                                             // nil: an honest one
	act         func(w http.ResponseWriter, action string, args map[string]string) bool // whether it answered

	mu    sync.Mutex
	calls []string // the actions with their outer port and lease
	lives map[string]bool
}

// newDevice starts one, and at its address a search finds it.
func newDevice(t *testing.T, kind string) *device {
	d := &device{kind: kind, lives: map[string]bool{}}
	d.Server = httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(d.Close)
	answers(t, func() []string { return []string{found(d.URL + "/root.xml")} })
	return d
}

// answers has searches answered, as long as the test runs.
func answers(t *testing.T, all func() []string) {
	at := router(t, func(q []byte) (b [][]byte) {
		if !strings.HasPrefix(string(q), "M-SEARCH * HTTP/1.1\r\n") || !strings.HasSuffix(string(q), "\r\n\r\n") {
			t.Errorf("not a search: %q", q)
		}
		for _, a := range all() {
			b = append(b, []byte(a))
		}
		return b
	})
	was := ssdpPort
	ssdpPort = at.Port()
	t.Cleanup(func() { ssdpPort = was })
}

func found(location string) string {
	return "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: " + sought[0] + "\r\nLocation: " + location + "\r\n\r\n"
}

// described is a description as routers have it: devices within devices.
func described(kind, control string) string {
	return `<?xml version="1.0" encoding="ISO-8859-1"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><friendlyName>B` + "\xfc" + `ro</friendlyName>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1</serviceType><controlURL>/l3f</controlURL></service></serviceList>
<deviceList><device><deviceList><device><serviceList><service><serviceType>` + kind + `</serviceType><controlURL>` + control + `</controlURL></service></serviceList></device></deviceList></device></deviceList></device></root>`
}

func (d *device) serve(w http.ResponseWriter, q *http.Request) {
	switch {
	case q.Method == http.MethodGet && d.description != nil:
		d.description(w)
		return
	case q.Method == http.MethodGet:
		_, _ = io.WriteString(w, described(d.kind, "/ctl"))
		return
	}
	body, _ := io.ReadAll(q.Body)
	action, ok := strings.CutPrefix(strings.Trim(q.Header.Get("SOAPACTION"), `"`), d.kind+"#")
	args, err := decodeReply([]byte(strings.ReplaceAll(string(body), "u:"+action, "u:"+action+"Response")), action)
	if !ok || err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if port := args["NewExternalPort"]; port != "" {
		d.calls = append(d.calls, strings.TrimSpace(action+" "+port+" "+args["NewLeaseDuration"]))
	}
	if d.act != nil && d.act(w, action, args) {
		return
	}
	results := ""
	switch port := args["NewExternalPort"]; action {
	case "GetExternalIPAddress":
		results = "<NewExternalIPAddress>" + netip.AddrFrom4(public).String() + "</NewExternalIPAddress>"
	case "AddPortMapping":
		d.lives[port] = true
	case "AddAnyPortMapping":
		d.lives["40003"] = true
		results = "<NewReservedPort>40003</NewReservedPort>"
	case "DeletePortMapping":
		delete(d.lives, port)
	}
	if strings.HasPrefix(action, "Add") && (args["NewProtocol"] != "UDP" || args["NewInternalClient"] != "127.0.0.1" || args["NewInternalPort"] != "5000") {
		refuse(w, 402)
		return
	}
	reply(w, action, results)
}

func reply(w io.Writer, action, results string) {
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:%sResponse xmlns:u="x">%s</u:%sResponse></s:Body></s:Envelope>`, action, results, action)
}

func refuse(w http.ResponseWriter, code int) {
	w.WriteHeader(http.StatusInternalServerError)
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>%d</errorCode></UPnPError></detail></s:Fault></s:Body></s:Envelope>`, code)
}

// left returns what lives on at the device, and what it was asked for.
func (d *device) left() (lives int, calls []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.lives), slices.Clone(d.calls)
}

// silent is a router that speaks neither PCP nor NAT-PMP.
func silent(t *testing.T) netip.AddrPort { return router(t, func([]byte) [][]byte { return nil }) }

func TestUPnPMapRenewAndClose(t *testing.T) {
	for _, kind := range services {
		t.Run(kind[strings.Index(kind, "WAN"):], func(t *testing.T) {
			d := newDevice(t, kind)
			renewed := make(chan struct{}, 64)
			d.act = func(_ http.ResponseWriter, action string, args map[string]string) bool {
				if action == "AddPortMapping" && d.lives[args["NewExternalPort"]] {
					renewed <- struct{}{}
				}
				return false
			}
			begun := time.Now()
			m, err := Map(t.Context(), Request{Port: 5000, Lifetime: 2 * time.Second, Gateway: silent(t), Seen: netip.AddrFrom4(public)})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("after %.1f ms", float64(time.Since(begun).Microseconds())/1000)
			port := uint16(5000)
			if kind == services[0] {
				port = 40003 // which the device picked
			}
			if want := netip.AddrPortFrom(netip.AddrFrom4(public), port); m.External() != want || m.Protocol() != UPnP || m.Nested() {
				t.Errorf("%v by %v, nested %v; want %v", m.External(), m.Protocol(), m.Nested(), want)
			}
			<-renewed
			for range 2 {
				if err := m.Close(); err != nil {
					t.Error(err)
				}
			}
			lives, calls := d.left()
			if last := fmt.Sprintf("DeletePortMapping %d", port); lives != 0 || calls[len(calls)-1] != last || calls[len(calls)-2] == last {
				t.Errorf("%d are left over after %q", lives, calls)
			}
		})
	}
}

// What a router refuses is asked for in another way where there is one.
func TestUPnPFaults(t *testing.T) {
	for name, c := range map[string]struct {
		kind string
		act  func(action string, args map[string]string) (code int)
		want []string // of the calls, # being a port that we picked
		fail int
	}{
		"port of another": {services[1], func(_ string, args map[string]string) int {
			return map[bool]int{true: conflict}[args["NewExternalPort"] == "5000"]
		}, []string{"AddPortMapping 5000 3600", "AddPortMapping # 3600", "DeletePortMapping #"}, 0},
		"no leases": {services[1], func(_ string, args map[string]string) int {
			return map[bool]int{true: onlyPermanent}[args["NewLeaseDuration"] != "0"]
		}, []string{"AddPortMapping 5000 3600", "AddPortMapping 5000 0", "DeletePortMapping 5000"}, 0},
		"no AddAnyPortMapping": {services[0], func(a string, _ map[string]string) int {
			return map[bool]int{true: 401}[a == "AddAnyPortMapping"]
		}, []string{"AddAnyPortMapping 5000 3600", "AddPortMapping 5000 3600", "DeletePortMapping 5000"}, 0},
		"not allowed": {services[1], func(string, map[string]string) int { return 606 },
			[]string{"AddPortMapping 5000 3600"}, 606},
		"all taken": {services[2], func(string, map[string]string) int { return otherConflict },
			append([]string{"AddPortMapping 5000 3600"}, slices.Repeat([]string{"AddPortMapping # 3600"}, maxPorts)...), otherConflict},
		"gone already": {services[1], func(a string, _ map[string]string) int {
			return map[bool]int{true: noSuchEntry}[a == "DeletePortMapping"]
		}, []string{"AddPortMapping 5000 3600", "DeletePortMapping 5000"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, c.kind)
			d.act = func(w http.ResponseWriter, action string, args map[string]string) bool {
				if action == "GetExternalIPAddress" || action == "DeletePortMapping" && name != "gone already" {
					return false
				}
				code := c.act(action, args)
				if code != 0 {
					refuse(w, code)
				}
				return code != 0
			}
			at, _ := url.Parse(d.URL + "/root.xml")
			w, err := describe(t.Context(), at, loopback, loopback)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.ask(t.Context(), 5000, 3600, netip.AddrPort{})
			if f := (fault{}); errors.As(err, &f) && f.code != c.fail || err == nil && c.fail != 0 {
				t.Errorf("%v; want code %d", err, c.fail)
			}
			if _, err := w.ask(t.Context(), 5000, 0, netip.AddrPort{}); err != nil {
				t.Error(err)
			}
			_, calls := d.left()
			for i, call := range calls {
				f := strings.Fields(call)
				if port, _ := strconv.Atoi(f[1]); f[1] != "5000" && port >= 1024 {
					f[1] = "#"
				}
				calls[i] = strings.Join(f, " ")
			}
			if !slices.Equal(calls, c.want) {
				t.Errorf("asked %q; want %q", calls, c.want)
			}
		})
	}
}

// A mapping of which we don't know whether it was made is undone.
func TestUPnPThatHangsLeavesNothing(t *testing.T) {
	d := newDevice(t, services[1])
	ctx, cancel := context.WithCancel(t.Context())
	d.act = func(w http.ResponseWriter, action string, args map[string]string) bool {
		if action == "AddPortMapping" {
			d.lives[args["NewExternalPort"]] = true
			cancel()
			panic(http.ErrAbortHandler) // It closes without an answer.
		}
		return false
	}
	if m, err := Map(ctx, Request{Port: 5000, Gateway: silent(t)}); err == nil {
		t.Errorf("mapped %v", m.External())
		_ = m.Close()
	}
	if lives, calls := d.left(); lives != 0 || len(calls) != 2 {
		t.Errorf("%d are left over after %q", lives, calls)
	}
}

// canary is a server that nobody may ask.
func canary(t *testing.T) (port string) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { t.Errorf("%s %v was asked for", q.Method, q.URL) }))
	t.Cleanup(s.Close)
	_, port, _ = net.SplitHostPort(s.Listener.Addr().String())
	return port
}

func TestForeignAddressesAreNotAsked(t *testing.T) {
	r := netip.MustParseAddr("192.168.1.1")
	base, _ := url.Parse("http://192.168.1.1:5000/dir/root.xml")
	for s, want := range map[string]string{
		"http://192.168.1.1:80/x":        "http://192.168.1.1:80/x",
		"/ctl":                           "http://192.168.1.1:5000/ctl",
		"ctl?a=b":                        "http://192.168.1.1:5000/dir/ctl?a=b",
		"http://[::ffff:192.168.1.1]/x":  "http://[::ffff:192.168.1.1]/x",
		"https://192.168.1.1/x":          "",
		"HTTP://192.168.1.2/x":           "",
		"//192.168.1.2/x":                "",
		"http://169.254.169.254/latest":  "",
		"http://127.0.0.1/x":             "",
		"http://router.local/x":          "",
		"http://192.168.1.1@evil.test/x": "",
		"http://u:p@192.168.1.1/x":       "",
		"http://192.168.1.1.evil.test/x": "",
		"http://3232235777/x":            "",
		"http://192.168.1.1:x/":          "",
		"http:192.168.1.1":               "",
		"file:///etc/passwd":             "",
		"http://":                        "",
		"\x7f":                           "",
	} {
		u, err := ours(base, s, r)
		if got := fmt.Sprint(u); err == nil && got != want || err != nil && want != "" {
			t.Errorf("%q became %q, %v; want %q", s, got, err, want)
		}
	}
	d := newDevice(t, services[1])
	port := canary(t)
	answers(t, func() []string {
		return []string{
			found("http://localhost:" + port + "/root.xml"),
			found("https://127.0.0.1:" + port + "/root.xml"),
			strings.Replace(found("http://127.0.0.1:"+port), "200 OK", "404 Not Found", 1),
			"NOTIFY * HTTP/1.1\r\nLOCATION: http://127.0.0.1:" + port + "\r\n\r\n",
			"HTTP/1.1 200 OK\r\n\r\n", "", "\x00",
			found("http://127.0.0.1:" + port + "/" + strings.Repeat("x", longestFound)),
			found(d.URL + "/root.xml"),
		}
	})
	w, err := search(t.Context(), loopback, loopback)
	if err != nil || w.external != netip.AddrFrom4(public) {
		t.Errorf("%+v, %v", w, err)
	}
}

// Who isn't the router is not believed, wherever the answer leads.
func TestAnswersOfOthersAreNotBelieved(t *testing.T) {
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Skipf("this machine has one loopback address only: %v", err)
	}
	defer other.Close()
	d := newDevice(t, services[1])
	port := canary(t)
	ask, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, longestFound)
		for {
			_, from, err := ask.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			_, _ = other.WriteToUDPAddrPort([]byte(found("http://127.0.0.1:"+port+"/root.xml")), from)
			_, _ = ask.WriteToUDPAddrPort([]byte(found(d.URL+"/root.xml")), from)
		}
	}()
	defer func() { _ = ask.Close(); <-done }()
	ssdpPort = ask.LocalAddr().(*net.UDPAddr).AddrPort().Port() // until newDevice's cleanup
	w, err := search(t.Context(), loopback, loopback)
	if err != nil || w.external != netip.AddrFrom4(public) {
		t.Errorf("%+v, %v", w, err)
	}
}

// However many places an answer names, few are looked at.
func TestManyLocations(t *testing.T) {
	d := newDevice(t, services[1])
	var fetched atomic.Int32
	d.description = func(w http.ResponseWriter) { fetched.Add(1) }
	answers(t, func() (all []string) {
		for i := range 20 {
			all = append(all, found(fmt.Sprintf("%s/%d", d.URL, i)))
		}
		return all
	})
	was := patience
	patience = []time.Duration{200 * time.Millisecond}
	defer func() { patience = was }()
	if w, err := search(t.Context(), loopback, loopback); err == nil || fetched.Load() > maxLocations {
		t.Errorf("%+v, %v after %d descriptions", w, err, fetched.Load())
	}
}

func TestHostileDescriptions(t *testing.T) {
	port := canary(t)
	var gone chan struct{} // closed when we have given up
	was := fetchLimit
	defer func() { fetchLimit = was }()
	for name, c := range map[string]struct {
		write func(w http.ResponseWriter)
		want  string // of the error
	}{
		"giant": {func(w http.ResponseWriter) {
			for chunk := strings.Repeat("<device>", 1000); ; {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		}, "more than 262144 bytes"},
		"deep":      {func(w http.ResponseWriter) { _, _ = io.WriteString(w, strings.Repeat("<device>", 30000)) }, "description"},
		"malformed": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<root><device") }, "description"},
		"binary":    {func(w http.ResponseWriter) { _, _ = w.Write([]byte{0xff, 0, '<', '/', 0xfe}) }, "description"},
		"empty":     {func(http.ResponseWriter) {}, "no service"},
		"TV": {func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, described("urn:schemas-upnp-org:service:AVTransport:1", "/ctl"))
		}, "no service"},
		"many": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, strings.Repeat("<service></service>", 100)) }, "more than 64 services"},
		"status": {func(w http.ResponseWriter) {
			w.WriteHeader(404)
			_, _ = io.WriteString(w, described(services[1], "/ctl"))
		}, "status 404"},
		"redirect": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.1:"+port)
			w.WriteHeader(302)
		}, "status 302"},
		"foreign control": {func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, described(services[1], "http://localhost:"+port+"/ctl"))
		}, "foreign"},
		"slow": {func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, "<root>")
			_ = http.NewResponseController(w).Flush()
			<-gone
		}, "deadline"},
		"long head": {func(w http.ResponseWriter) { w.Header().Set("X", strings.Repeat("x", 40<<10)) }, "UPnP"},
	} {
		t.Run(name, func(t *testing.T) {
			fetchLimit = was
			if name == "slow" {
				fetchLimit = 50 * time.Millisecond
			}
			d := newDevice(t, services[1])
			d.description = c.write
			gone = make(chan struct{})
			defer close(gone)
			at, _ := url.Parse(d.URL + "/root.xml")
			if w, err := describe(t.Context(), at, loopback, loopback); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "portmap: ") {
				t.Errorf("%+v, %v; want an error with %q", w, err, c.want)
			}
			if _, calls := d.left(); len(calls) > 0 {
				t.Errorf("asked %q", calls)
			}
		})
	}
}

// The base of a description is taken where it is the router's.
func TestBases(t *testing.T) {
	port := canary(t)
	for _, own := range []bool{false, true} {
		d := newDevice(t, services[1])
		base := "http://localhost:" + port
		if own {
			base = d.URL + "/dir/"
		}
		d.description = func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, strings.Replace(described(services[1], "ctl"), "<device>", "<URLBase> "+base+"\n</URLBase><device>", 1))
		}
		at, _ := url.Parse(d.URL + "/root.xml")
		w, err := describe(t.Context(), at, loopback, loopback)
		want := map[bool]string{false: d.URL + "/ctl", true: d.URL + "/dir/ctl"}[own]
		if err != nil || w.at.String() != want {
			t.Errorf("%+v, %v; want control at %s", w, err, want)
		}
	}
}

func TestHostileReplies(t *testing.T) {
	for name, write := range map[string]func(w http.ResponseWriter){
		"0.0.0.0":   func(w http.ResponseWriter) { address(w, "0.0.0.0") },
		"multicast": func(w http.ResponseWriter) { address(w, "224.0.0.1") },
		"IPv6":      func(w http.ResponseWriter) { address(w, "2001:db8::1") },
		"no value":  func(w http.ResponseWriter) { reply(w, "GetExternalIPAddress", "") },
		"another": func(w http.ResponseWriter) {
			reply(w, "DeletePortMapping", "<NewExternalIPAddress>198.51.100.7</NewExternalIPAddress>")
		},
		"no code":   func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<errorCode>x</errorCode>") },
		"fault":     func(w http.ResponseWriter) { refuse(w, 501) },
		"giant":     func(w http.ResponseWriter) { address(w, strings.Repeat(" ", longestReply)+"198.51.100.7") },
		"malformed": func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<s:Envelope><s:Body") },
		"status":    func(w http.ResponseWriter) { w.WriteHeader(503) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, services[1])
			d.act = func(w http.ResponseWriter, _ string, _ map[string]string) bool { write(w); return true }
			at, _ := url.Parse(d.URL + "/root.xml")
			if w, err := describe(t.Context(), at, loopback, loopback); err == nil || !strings.HasPrefix(err.Error(), "portmap: ") {
				t.Errorf("%+v, %v", w, err)
			}
		})
	}
}

func address(w io.Writer, ip string) {
	reply(w, "GetExternalIPAddress", "<NewExternalIPAddress>"+ip+"</NewExternalIPAddress>")
}

// Whoever refuses by one protocol may grant by another, and one mapping is made.
func TestUPnPWherePCPRefuses(t *testing.T) {
	d := newDevice(t, services[1])
	at := router(t, func(q []byte) [][]byte {
		a := yes(q, public, 60)
		switch {
		case q[0] == 2 && q[1] == opMap:
			a[3] = 2
		case q[0] == 0 && q[1] == opMap:
			binary.BigEndian.PutUint16(a[2:], 2)
		}
		return [][]byte{a}
	})
	m, err := Map(t.Context(), Request{Port: 5000, Gateway: at})
	if err != nil {
		t.Fatal(err)
	}
	if m.Protocol() != UPnP {
		t.Errorf("by %v", m.Protocol())
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if lives, calls := d.left(); lives != 0 || len(calls) != 2 {
		t.Errorf("%d are left over after %q", lives, calls)
	}
	r, err := Find(t.Context(), at)
	want := Report{at, true, true, true, netip.AddrFrom4(public)}
	if err != nil || r != want || !slices.Equal(r.Protocols(), []Protocol{PCP, NATPMP, UPnP}) {
		t.Errorf("%+v, %v; want %+v", r, err, want)
	}
}

// What is found by UPnP alone is found, too, and by nothing else.
func TestFindUPnP(t *testing.T) {
	newDevice(t, services[2])
	at := silent(t)
	r, err := Find(t.Context(), at)
	if want := (Report{at, false, false, true, netip.AddrFrom4(public)}); err != nil || r != want {
		t.Errorf("%+v, %v; want %+v", r, err, want)
	}
}

func FuzzFound(f *testing.F) {
	f.Add([]byte(found("http://127.0.0.1:5000/root.xml")))
	f.Add([]byte(found("http://127.0.0.2/")))
	f.Add([]byte("HTTP/1.1 200\nlocation:http://[::ffff:127.0.0.1]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := decodeFound(b, loopback)
		if err != nil {
			return
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err != nil || ip.Unmap() != loopback || u.Scheme != "http" {
			t.Errorf("%q leads to %v", b, u)
		}
		if _, err := http.NewRequest(http.MethodGet, u.String(), nil); err != nil {
			t.Errorf("%q: %v", b, err)
		}
	})
}

func FuzzDescription(f *testing.F) {
	for _, kind := range services {
		f.Add([]byte(described(kind, "/ctl")))
	}
	f.Add([]byte("<URLBase>http://127.0.0.2</URLBase>" + described(services[1], "//127.0.0.2/")))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, found, err := decodeDescription(b)
		if err == nil && (len(found) == 0 || len(found) > maxServices) {
			t.Errorf("%d services in %q", len(found), b)
		}
		for _, s := range found {
			if !slices.Contains(services, s.Kind) {
				t.Errorf("%+v in %q", s, b)
			}
		}
	})
}

func FuzzReply(f *testing.F) {
	var b strings.Builder
	reply(&b, "AddPortMapping", "<A>1</A>")
	f.Add([]byte(b.String()))
	f.Add([]byte("<errorCode>718</errorCode>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeReply(b, "AddPortMapping")
		if f := (fault{}); errors.As(err, &f) && f.code <= 0 || err == nil && (r == nil || r["errorCode"] != "") {
			t.Errorf("%v, %v of %q", r, err, b)
		}
	})
}
