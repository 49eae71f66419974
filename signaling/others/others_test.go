package others

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// All shapes in which credentials are minted are understood, and what no player could
// use is left out.
func TestAnswers(t *testing.T) {
	const want = "[{[stun:s.example:3478]  } {[turn:t.example:3478?transport=udp turns:t.example:443?transport=tcp] u c}]"
	for name, c := range map[string]struct {
		text, want string
		ttl        time.Duration
	}{
		"Cloudflare":      {`{"iceServers":[{"urls":["stun:s.example:3478","stun:s.example:53"]},{"urls":["turn:t.example:3478?transport=udp","turn:t.example:53?transport=udp","turns:t.example:443?transport=tcp"],"username":"u","credential":"c"}]}`, want, time.Hour},
		"Cloudflare, old": {`{"iceServers":{"urls":["stun:s.example:3478","turn:t.example:3478?transport=udp","turns:t.example:443?transport=tcp"],"username":"u","credential":"c"}}`, want, time.Hour},
		"Twilio":          {`{"ttl":"86400","username":"no","password":"no","ice_servers":[{"url":"stun:s.example:3478","urls":"stun:s.example:3478"},{"urls":"turn:t.example:3478?transport=udp","username":"u","credential":"c"}],"date_created":"Fri, 01 May 2020 01:42:57 +0000"}`, "[{[stun:s.example:3478 stun:s.example:3478]  } {[turn:t.example:3478?transport=udp] u c}]", 24 * time.Hour},
		"an array":        {` [{"urls":"turn:t.example","username":"u","credential":"c"}]`, "[{[turn:t.example] u c}]", time.Hour},
		"the draft":       {`{"username":"u","password":"c","ttl":600,"uris":["turn:t.example"]}`, "[{[turn:t.example] u c}]", 10 * time.Minute},
		"some good":       {`[{"urls":["turn:t.example","http://t.example","turn:","turn:t.example:99999","turn:a b","turn:t.example?transport=sctp","stun:t.example?transport=udp"],"username":"u","credential":"c"}]`, "[{[turn:t.example] u c}]", time.Hour},
		"for ever":        {`{"username":"u","password":"c","ttl":99999999999,"uris":["turn:t.example"]}`, "[{[turn:t.example] u c}]", maxTTL},
		"no credentials":  {`[{"urls":["turn:t.example","stun:s.example"]}]`, "", 0},
		"STUN alone":      {`[{"urls":"stun:s.example"}]`, "", 0},
		"empty":           {``, "", 0},
		"null":            {`null`, "", 0},
		"a bad ttl":       {`{"username":"u","password":"c","ttl":"soon","uris":["turn:t.example"]}`, "", 0},
		"long":            {`[{"urls":"turn:t.example","username":"u","credential":"` + strings.Repeat("c", 2000) + `"}]`, "", 0},
	} {
		a, err := (&kept{}).understand([]byte(c.text))
		if got := fmt.Sprint(a.servers); c.want != "" && (err != nil || got != c.want || a.ttl != c.ttl) || c.want == "" && err == nil {
			t.Errorf("%s: %v, %s for %v, want %s for %v", name, err, got, a.ttl, c.want, c.ttl)
		}
	}
	many := `[{"urls":["turn:t.example"` + strings.Repeat(`,"turn:t.example"`, 100) + `],"username":"u","credential":"c"}]`
	if a, err := (&kept{}).understand([]byte(many)); err != nil || len(a.servers[0].URLs) != maxURLs {
		t.Errorf("%v, %d URLs", err, len(a.servers[0].URLs))
	}
	ours := &kept{Relay: Relay{URLs: []string{"turn:ours.example"}}}
	if a, err := ours.understand([]byte(`{"username":"u","credential":"c"}`)); err != nil || fmt.Sprint(a.servers) != "[{[turn:ours.example] u c}]" {
		t.Errorf("%v, %v", err, a.servers)
	}
}

// Whatever is answered, what players are told are URLs that a link can be made with.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"iceServers":[{"urls":["turn:t.example:1"],"username":"u","credential":"c"}]}`))
	f.Add([]byte(`[{"url":"turns:[2001:db8::1]:443?transport=tcp","username":"u","credential":"c"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := (&kept{}).understand(b)
		n := 0
		for _, s := range a.servers {
			for _, u := range s.URLs {
				n++
				if checkURL(u) != nil || isTURN(u) != (s.Credential != "") {
					t.Errorf("%q with %+v", u, s)
				}
			}
		}
		if err == nil && (n == 0 || n > maxURLs || a.ttl <= 0 || a.ttl > maxTTL) {
			t.Errorf("%d URLs for %v", n, a.ttl)
		}
	})
}

func TestURLs(t *testing.T) {
	for _, good := range []string{"stun:a.example", "turn:a.example:3478?transport=udp", "turns:a.example:443?transport=tcp", "turn:192.0.2.1:3478", "turn:[2001:db8::1]:3478", "turn:[2001:db8::1]"} {
		if err := checkURL(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "turn", "turn:", "turn://a.example", "turn:a.example:x", "turn:a.example:0", "turn:a@b.example", "http:a.example", "turn:[2001:db8::1", "turn:2001:db8::1", "turn:a.example?x=1", "turn:" + strings.Repeat("a", 300)} {
		if checkURL(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// What makes no sense is told in words that hold no secret.
func TestParse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "held")
	if err := os.WriteFile(file, []byte(" SECRET \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HELD", "SECRET")
	for text, want := range map[string]string{
		"turn:a.example secret=" + file:                                    "",
		"turn:a.example turns:a.example:443 secret=env:HELD ttl=2h":        "",
		"turn:a.example user=u password=" + file:                           "",
		"stun:a.example":                                                   "",
		"mint=https://a.example/x token=env:HELD body={\"ttl\":60}":        "",
		"mint=http://10.0.0.1/x user=u password=env:HELD":                  "",
		"turn:a.example mint=https://a.example/x":                          "",
		"run=/bin/x turn:a.example --what=ever":                            "",
		"":                                                                 "want a URL",
		"turn:a.example":                                                   "secret=FILE",
		"turn:a.example:x secret=" + file:                                  "no URL such as",
		"turn:a.example secret=/nonexistent":                               "/nonexistent",
		"turn:a.example secret=env:NOTHELD":                                "NOTHELD holds no secret",
		"turn:a.example secret=env:HELD user=u password=env:HELD":          "want one of",
		"turn:a.example user=u":                                            "go together",
		"turn:a.example token=env:HELD secret=env:HELD":                    "go with mint=",
		"mint=http://a.example/x":                                          "want https",
		"mint=https://u:p@a.example/x":                                     "without user and password",
		"mint=https://a.example/x token=env:HELD user=u password=env:HELD": "token= and user=",
		"mint=https://a.example/x secret=env:HELD":                         "want one of",
		"turn:a.example secret=env:HELD ttl=1":                             "ttl=",
		"hello":                                                            "secret=FILE",
		"what=ever":                                                        "want secret=",
	} {
		r, err := Parse(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET")) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if r.Secret+r.Password+r.Token != "" && !strings.Contains(r.Secret+r.Password+r.Token, "SECRET") {
			t.Errorf("%s: %+v", text, r)
		}
	}
}

// A command that hangs or never stops printing is killed, with what it has started.
func TestCommandsThatDoNotEnd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no sh")
	}
	defer func(d time.Duration) { patience = d }(patience)
	left := filepath.Join(t.TempDir(), "left")
	for script, want := range map[string]string{
		"yes":               "an answer of more than",
		"sleep 1000; true":  "no answer in",
		"sleep 1000 & exit": "no answer in", // which goes on, and holds the output
		"(sleep 2; echo here >" + left + ") ; true": "no answer in",
	} {
		if patience = 300 * time.Millisecond; script == "yes" {
			patience = 20 * time.Second
		}
		k := &kept{Relay: Relay{Run: []string{"sh", "-c", script}}}
		if _, err := k.mint(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", script, err, want)
		}
	}
	time.Sleep(2500 * time.Millisecond) // for what must not happen
	if _, err := os.Stat(left); err == nil {
		t.Error("what a command had started went on")
	}
}

// Credentials outlive a failure of whoever mints them, until they are over.
func TestMintedCredentialsOutliveAFailure(t *testing.T) {
	fail := make(chan struct{})
	asked := make(chan struct{}, 100)
	mint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-fail:
			http.Error(w, "no", 503)
		default:
			io.WriteString(w, `{"username":"u","password":"c","ttl":3,"uris":["turn:t.example"]}`)
		}
		asked <- struct{}{}
	}))
	defer mint.Close()
	began := time.Now()
	r := Start([]Relay{{Mint: mint.URL}}, slog.New(slog.DiscardHandler))
	defer r.Close()
	<-asked
	close(fail)
	await := func(what string, ok func() bool) {
		t.Helper()
		for begin := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Since(begin) > 20*time.Second {
				t.Fatal("waited in vain for ", what)
			}
		}
	}
	await("credentials", func() bool { return r.Usable() == 1 })
	await("a failure", func() bool { return r.Failed() > 0 })
	if r.Usable() != 1 && time.Since(began) < 3*time.Second {
		t.Error("a failure takes away what is good")
	}
	await("the end of the credentials", func() bool { return r.Usable() == 0 })
	if d := time.Since(began); d < 2900*time.Millisecond {
		t.Errorf("they were over after %v", d)
	}
}
