//go:build worlds && !js

package punch

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab/browsers"
	"github.com/punchback/punchback/signaling/relay"
)

// page is a real browser with testdata/page in it. A policy is what the server
// tells the browser to forbid.
func page(t *testing.T, start func(dir string) (browsers.Browser, error), policy ...string) func(js string, result any) {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "page.wasm"), "./testdata/page")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(dir)))
	mux.Handle("/go/", http.StripPrefix("/go/", http.FileServer(http.Dir(filepath.Join(goroot(t), "lib/wasm")))))
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Security-Policy"] = policy
		_, _ = w.Write([]byte(`<!doctype html><script src="/go/wasm_exec.js"></script><script nonce="ours">
globalThis.go = new Go(); WebAssembly.instantiateStreaming(fetch("/page.wasm"), go.importObject).then(r => go.run(r.instance))</script>`))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	b, err := start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	tab, err := b.Window(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.Navigate(s.URL + "/page"); err != nil {
		t.Fatal(err)
	}
	do := func(js string, result any) {
		t.Helper()
		if err := tab.Eval(js, result); err != nil {
			t.Fatalf("%s: %v", js, err)
		}
	}
	ready := false
	patient(t, "the page is ready", func() any { do("!!globalThis.ready", &ready); return nil }, func() bool { return ready })
	return do
}

// patient goes on with something until it is so, as long as it makes progress.
func patient(t *testing.T, what string, on func() (progress any), is func() bool) {
	t.Helper()
	if err := browsers.Until(func() (any, bool) { progress := on(); return progress, is() }); err != nil {
		t.Fatalf("not %s: %v", what, err)
	}
}

type told struct {
	State, Path, Reason string
	RTT, Connect        time.Duration
	Got                 uint32
	Order               bool
}

// A browser and a native end meet, whoever offers, and what is reliable
// arrives in order.
func TestBrowserAndNative(t *testing.T) {
	for _, b := range []struct {
		name     string
		start    func(dir string) (browsers.Browser, error)
		messages uint32
	}{{"Chromium", browsers.Chromium, 100_000}, {"Firefox", browsers.Firefox, 10_000}} {
		t.Run(b.name, func(t *testing.T) {
			do := page(t, b.start)
			for _, c := range []struct {
				name                 string
				browserOffers, relay bool
			}{{"browser offers", true, false}, {"native offers", false, false}, {"relay only", true, true}} {
				t.Run(c.name, func(t *testing.T) { browserAndNative(t, do, c.browserOffers, c.relay, b.messages) })
			}
		})
	}
}

func browserAndNative(t *testing.T, do func(js string, result any), browserOffers, relayed bool, messages uint32) {
	var servers []ICEServer
	host := lan(t) // Firefox asks no server on loopback
	if relayed {
		servers = turnServerAs(t, relay.Config{Addr: host})
	}
	l, err := New(Options{Offer: !browserOffers, RelayOnly: relayed, ICEServers: servers, Limits: Limits{Messages: 1 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	list, _ := json.Marshal(servers)
	p := begin(t, do, l, browserOffers, relayed, string(list))
	want := map[bool]string{true: "relay", false: "direct"}[relayed]
	// How long a round trip takes, both browsers tell in whole milliseconds: here it may be none for minutes.
	p.until("open", func() bool { return l.State() == Open && p.told.Path == want })
	if relayed {
		own := regexp.MustCompile(regexp.QuoteMeta(host) + ` (\d+ typ relay)`) // the relay's, which may be told
		for _, said := range [][][]byte{p.theirs, p.ours} {
			for i := range said {
				said[i] = own.ReplaceAll(said[i], []byte("relay $1"))
			}
			private(t, said)
		}
		return
	}
	go func() {
		for i := uint32(0); i < messages && l.State() == Open; {
			if l.SendMessage(binary.LittleEndian.AppendUint32(nil, i)) == nil {
				i++
			} else {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	p.until("all there", func() bool { return p.told.Got >= messages })
	if !p.told.Order || strings.Contains(p.told.State, "closed") {
		t.Errorf("%+v", p.told)
	}
	do("end()", nil)
	p.until("closed", func() bool { return l.State() == Closed && p.told.State == "closed" })
}

// A browser takes the nearest relay, too, whoever offers and in whatever order it is
// told of them.
func TestBrowserTakesTheNearestRelay(t *testing.T) {
	for name, start := range map[string]func(dir string) (browsers.Browser, error){"Chromium": browsers.Chromium, "Firefox": browsers.Firefox} {
		t.Run(name, func(t *testing.T) {
			do, host := page(t, start), lan(t)
			near := turnServerAs(t, relay.Config{Addr: host, Ports: relay.Ports{Low: 62000, High: 62499}, Private: true})
			far := farther(t, turnServerAs(t, relay.Config{Addr: host, Ports: relay.Ports{Low: 63000, High: 63499}, Private: true}), func() time.Duration { return 100 * time.Millisecond })
			near[1].URLs = near[1].URLs[:1]
			for i, servers := range [][]ICEServer{{far[0], near[1]}, {near[1], far[0]}} {
				for _, browserOffers := range []bool{true, false} {
					t.Run(fmt.Sprintf("far first: %v, browser offers: %v", i == 0, browserOffers), func(t *testing.T) {
						l, err := New(Options{Offer: !browserOffers, RelayOnly: true, ICEServers: servers})
						if err != nil {
							t.Fatal(err)
						}
						defer l.Close()
						list, _ := json.Marshal(servers)
						p := begin(t, do, l, browserOffers, true, string(list))
						p.until("open", func() bool { return l.State() == Open && p.told.Path == "relay" })
						first, began := p.told.Reason, time.Now()
						p.until("by the nearest", func() bool {
							r := l.Report()
							return strings.Contains(r.Local, ":62") && strings.Contains(r.Remote, ":62")
						})
						t.Logf("after %v; first %s", time.Since(began), first)
						do("end()", nil)
					})
				}
			}
		})
	}
}

// pair is a link in the page and one here, whose signals are carried.
type pair struct {
	t            *testing.T
	do           func(js string, result any)
	l            *Link
	told         told
	ours, theirs [][]byte
}

func begin(t *testing.T, do func(js string, result any), l *Link, browserOffers, relayed bool, servers string) *pair {
	t.Helper()
	arg, _ := json.Marshal(servers)
	var said string
	if do(fmt.Sprintf("begin(%t, %t, %s)", browserOffers, relayed, arg), &said); said != "" {
		t.Fatal(said)
	}
	return &pair{t: t, do: do, l: l}
}

// until carries signals until something is so, as long as there is news.
func (p *pair) until(what string, is func() bool) {
	p.t.Helper()
	patient(p.t, what, func() any {
		var said string
		for p.do("next()", &said); said != ""; p.do("next()", &said) {
			p.theirs = append(p.theirs, []byte(said))
			_ = p.l.Signal([]byte(said))
		}
		for s, ok := p.l.NextSignal(); ok; s, ok = p.l.NextSignal() {
			p.ours = append(p.ours, s)
			b, _ := json.Marshal(string(s))
			p.do("hear("+string(b)+")", nil)
		}
		p.do("report()", &said)
		if err := json.Unmarshal([]byte(said), &p.told); err != nil {
			p.t.Fatal(err)
		}
		return []any{p.told.State, p.told.Got, p.l.State(), p.l.Report().Reason}
	}, is)
}

// How long it takes a browser and a native end to meet, from when the end that
// offers begins, once the browser is warm.
func TestBrowserAndNativeMedian(t *testing.T) {
	do := page(t, browsers.Chromium)
	for _, browserOffers := range []bool{true, false} {
		var took []time.Duration
		for range 21 {
			l, err := New(Options{Offer: !browserOffers})
			if err != nil {
				t.Fatal(err)
			}
			p := begin(t, do, l, browserOffers, false, "[]")
			p.until("open", func() bool { return l.State() == Open && p.told.State == "open" })
			if browserOffers {
				took = append(took, p.told.Connect)
			} else {
				took = append(took, l.Report().Connect)
			}
			do("end()", nil)
			_ = l.Close()
		}
		took = took[1:] // The first one warms the browser.
		slices.Sort(took)
		t.Logf("browser offers: %v; median of %d: %v, worst %v", browserOffers, len(took), took[len(took)/2], took[len(took)-1])
	}
}

// raw is the median of 20 connects of two ends in a page, by its own script.
const raw = `(async () => {
	const took = [];
	for (let n = 0; n < 20; n++) {
		const a = new RTCPeerConnection(), b = new RTCPeerConnection(), began = performance.now();
		a.onicecandidate = (e) => b.addIceCandidate(e.candidate);
		b.onicecandidate = (e) => a.addIceCandidate(e.candidate);
		const [one, two] = [a, b].map((c) => c.createDataChannel('', { negotiated: true, id: 0 }));
		const open = Promise.all([one, two].map((c) => new Promise((ok) => { c.onopen = ok; })));
		await a.setLocalDescription(); await b.setRemoteDescription(a.localDescription);
		await b.setLocalDescription(); await a.setRemoteDescription(b.localDescription);
		await open;
		took.push(performance.now() - began);
		a.close(); b.close();
	}
	return took.sort((x, y) => x - y)[10];
})()`

func TestBrowserAndBrowser(t *testing.T) {
	do := page(t, browsers.Chromium)
	pairs := func(n string) (median float64) {
		do("globalThis.median = 0, pairs("+n+")", nil)
		patient(t, "connected", func() any { do("globalThis.median", &median); return nil }, func() bool { return median != 0 })
		return median
	}
	pairs("1")
	median := pairs("20")
	var bare float64 // what the browser needs with nothing of ours, on this machine and now
	do(raw, &bare)
	t.Logf("median of 20: %v ms; without us %v", median, bare)
	if most := max(150, 3*bare); median > most {
		t.Errorf("the median of 20 connects is %v ms, want %v", median, most)
	}
	var before, after int
	const held = "go._values.filter(v => v != null).length"
	do(held, &before)
	pairs("60")
	do(held, &after)
	t.Logf("%d values before 60 pairs, %d after", before, after)
	if after > before+60 { // handlers that stay are eight of each pair
		t.Errorf("60 pairs left %d values", after-before)
	}
}

// What a real browser's ICE shows is enough for a poorer report.
func TestBrowserProbe(t *testing.T) {
	do := page(t, browsers.Chromium)
	probe := func(servers ...string) (said string) {
		t.Helper()
		do("globalThis.probed = '', probe('"+strings.Join(servers, " ")+"')", nil)
		patient(t, "probed", func() any { do("globalThis.probed", &said); return nil }, func() bool { return said != "" })
		return said
	}
	var answer, mute []string
	for _, at := range []string{lan(t), "127.0.0.1"} {
		r, err := relay.Listen(relay.Config{Addr: at + ":0"})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		answer = append(answer, r.Addr().String())
		deaf, err := net.ListenPacket("udp4", at+":0")
		if err != nil {
			t.Fatal(err)
		}
		defer deaf.Close()
		mute = append(mute, deaf.LocalAddr().String())
	}
	said := probe(answer...)
	t.Logf("two servers that answer:\n%s", said)
	if !strings.Contains(said, "udp        yes") || !strings.Contains(said, "filtering  unknown (a browser") {
		t.Errorf("%s", said)
	}
	said = probe(mute...)
	t.Logf("two that do not:\n%s", said)
	if !strings.Contains(said, "udp        no") {
		t.Errorf("%s", said)
	}
}

// lan is an address of this machine that is not loopback.
func lan(t *testing.T) string {
	t.Helper()
	addr, free, err := browsers.LAN()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(free)
	return addr
}

// goroot is where the toolchain keeps the script that runs its WASM.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
