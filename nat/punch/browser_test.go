//go:build worlds && !js

package punch

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/punchback/punchback/signaling/relay"
)

// page is a real Chromium with testdata/page in it. A policy is what the server
// tells the browser to forbid.
func page(t *testing.T, policy ...string) func(js string, result any) {
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
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-dev-shm-usage", true))...)
	t.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(alloc)
	t.Cleanup(closeTab)
	if err := chromedp.Run(tab, chromedp.Navigate(s.URL+"/page"), chromedp.Poll("globalThis.ready", nil)); err != nil {
		t.Fatal(err)
	}
	return func(js string, result any) {
		t.Helper()
		if err := chromedp.Run(tab, chromedp.Evaluate(js, result)); err != nil {
			t.Fatalf("%s: %v", js, err)
		}
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
	do := page(t)
	for _, c := range []struct {
		name                 string
		browserOffers, relay bool
	}{{"browser offers", true, false}, {"native offers", false, false}, {"relay only", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			var servers []Server
			if c.relay {
				servers = turnServer(t)
			}
			list, _ := json.Marshal(servers)
			arg, _ := json.Marshal(string(list))
			l, err := New(Options{Offer: !c.browserOffers, RelayOnly: c.relay, Servers: servers, Limits: Limits{Messages: 1 << 20}})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var said string
			yes := map[bool]string{true: "true", false: "false"}
			if do("begin("+yes[c.browserOffers]+","+yes[c.relay]+","+string(arg)+")", &said); said != "" {
				t.Fatal(said)
			}
			var r told
			var signals, ours [][]byte
			look := func(what string, is func() bool) {
				t.Helper()
				for begin := time.Now(); !is(); {
					if time.Since(begin) > 20*time.Second {
						t.Fatalf("not %s: %+v, %s", what, r, l.Report().Reason)
					}
					if do("next()", &said); said != "" {
						signals = append(signals, []byte(said))
						_ = l.Signal([]byte(said))
					}
					for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
						ours = append(ours, s)
						b, _ := json.Marshal(string(s))
						do("hear("+string(b)+")", nil)
					}
					do("report()", &said)
					if err := json.Unmarshal([]byte(said), &r); err != nil {
						t.Fatal(err)
					}
				}
			}
			want := map[bool]string{true: "relay", false: "direct"}[c.relay]
			look("open", func() bool { return l.State() == Open && r.Path == want && r.RTT > 0 })
			t.Logf("browser: %v, %s; native: %v (%v)", r.Connect, r.Reason, l.Report().Connect, l.Report().Phases)
			if c.relay {
				private(t, signals)
				private(t, ours)
				return
			}
			const messages = 100_000
			go func() {
				for i := uint32(0); i < messages && l.State() == Open; {
					if l.SendMessage(binary.LittleEndian.AppendUint32(nil, i)) == nil {
						i++
					} else {
						time.Sleep(time.Millisecond)
					}
				}
			}()
			look("all there", func() bool { return r.Got >= messages })
			if !r.Order || strings.Contains(r.State, "closed") {
				t.Errorf("%+v", r)
			}
			do("end()", nil)
			look("closed", func() bool { return l.State() == Closed && r.State == "closed" })
		})
	}
}

// How long it takes a browser and a native end to meet, from when the end that
// offers begins, once the browser is warm.
func TestBrowserAndNativeMedian(t *testing.T) {
	do := page(t)
	yes := map[bool]string{true: "true", false: "false"}
	for _, browserOffers := range []bool{true, false} {
		var took []time.Duration
		for range 21 {
			l, err := New(Options{Offer: !browserOffers})
			if err != nil {
				t.Fatal(err)
			}
			var said string
			if do("begin("+yes[browserOffers]+",false,'[]')", &said); said != "" {
				t.Fatal(said)
			}
			var r told
			for begin := time.Now(); l.State() != Open || r.State != "open"; {
				if time.Since(begin) > 20*time.Second {
					t.Fatalf("not open: %+v, %s", r, l.Report().Reason)
				}
				for do("next()", &said); said != ""; do("next()", &said) {
					_ = l.Signal([]byte(said))
				}
				for s, ok := l.NextSignal(); ok; s, ok = l.NextSignal() {
					b, _ := json.Marshal(string(s))
					do("hear("+string(b)+")", nil)
				}
				do("report()", &said)
				if err := json.Unmarshal([]byte(said), &r); err != nil {
					t.Fatal(err)
				}
			}
			if browserOffers {
				took = append(took, r.Connect)
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

func TestBrowserAndBrowser(t *testing.T) {
	do := page(t)
	pairs := func(n string) (median float64) {
		do("globalThis.median = 0, pairs("+n+")", nil)
		for begin := time.Now(); median == 0 && time.Since(begin) < time.Minute; time.Sleep(50 * time.Millisecond) {
			do("globalThis.median", &median)
		}
		return median
	}
	pairs("1")
	median := pairs("20")
	t.Logf("median of 20: %v ms", median)
	if median == 0 || median > 150 {
		t.Errorf("the median of 20 connects is %v ms, want 150", median)
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
	do := page(t)
	probe := func(servers ...string) (said string) {
		t.Helper()
		do("globalThis.probed = '', probe('"+strings.Join(servers, " ")+"')", nil)
		for begin := time.Now(); said == "" && time.Since(begin) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
			do("globalThis.probed", &said)
		}
		return said
	}
	var answer, mute []string
	for _, at := range []string{here(), "127.0.0.1"} {
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

// here is an address of this machine that is not loopback, if it has one.
func here() string {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	return "127.0.0.2"
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
