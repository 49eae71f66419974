//go:build worlds

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/punchback/punchback/nat/natlab"
	"github.com/punchback/punchback/signaling/protocol"
)

const host = "play.example.org" // as the documents have it

// The proxies in front of the service, and its own flags, are set up as the
// documents say, word for word: a page and a player come through each of them, and
// a page of another site that asks the service itself gets nothing.
func TestDocumentedProxies(t *testing.T) {
	if _, err := exec.LookPath("nginx"); err != nil { // not in everybody's PATH
		t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	}
	deploy := document(t, "deploy/README.md")
	bin := program(t)
	flags := regexp.MustCompile(`(?m)^(?:\./)?punchback-signaling( -addr .* -proxy .*)$`)
	caddy := regexp.MustCompile("(?m)^```\n(play\\.example\\.org \\{\n(?:.*\n)*?\\}\n)```$")
	nginx := regexp.MustCompile("(?m)^```\n(location / \\{\n(?:.*\n)*?\\}\n)```$")
	for _, c := range []struct {
		name, config, flags string
		run                 func(t *testing.T, dir, config, cert, key string, port int) *exec.Cmd
	}{
		{"Caddy", one(t, caddy, deploy), one(t, flags, deploy), runCaddy},
		{"nginx", one(t, nginx, deploy), one(t, flags, deploy), runNginx},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
			pool := authority(t, cert, key, host)
			backend := service(t, bin, c.flags)
			if !strings.Contains(c.config, "127.0.0.1:8080") {
				t.Fatalf("where the service is does not stand in %s", c.config)
			}
			port := natlab.FreePorts(1)[0] // a proxy can't be asked which one it took
			at := fmt.Sprint("127.0.0.1:", port)
			begin(t, at, c.run(t, dir, strings.ReplaceAll(c.config, "127.0.0.1:8080", backend), cert, key, port))
			through(t, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true, DialContext: to(at)}})
			refused(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: to(backend)}})
		})
	}
}

// through is a browser that comes to the page and plays.
func through(t *testing.T, web *http.Client) {
	t.Helper()
	for path, want := range map[string]string{"/": "the page", "/readyz": "ok\n"} {
		r, err := web.Get("https://" + host + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != 200 || !strings.HasPrefix(string(body), want) {
			t.Errorf("%s: %s %q", path, r.Status, body)
		}
	}
	if r, err := web.Get("https://" + host + "/metrics"); err != nil || r.StatusCode != http.StatusNotFound {
		t.Errorf("the metrics are told through the proxy: %v, %v", r, err)
	} else {
		r.Body.Close()
	}
	c, _, err := websocket.Dial(t.Context(), "wss://"+host+"/pong", &websocket.DialOptions{
		HTTPClient: web, Subprotocols: []string{protocol.Version}, HTTPHeader: http.Header{"Origin": {"https://" + host}}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), websocket.MessageText, protocol.Encode(protocol.Message{Kind: protocol.Hello, Build: "1", Name: "n"})); err != nil {
		t.Fatal(err)
	}
	_, b, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m, err := protocol.Decode(b); err != nil || m.Kind != protocol.Welcome || m.Code == "" {
		t.Errorf("a player who joins is told %s, %v", b, err)
	}
}

// refused is the browser of this machine, which a page of another site makes ask
// the service itself.
func refused(t *testing.T, web *http.Client) {
	t.Helper()
	for _, path := range []string{"/", "/index.html", "/healthz", "/readyz", "/metrics"} {
		r, err := web.Get("http://evil.example" + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != http.StatusMisdirectedRequest || !strings.Contains(string(body), `the host "evil.example"`) || strings.Contains(string(body), " -") {
			t.Errorf("%s of evil.example: %s %q", path, r.Status, body)
		}
	}
	_, r, err := websocket.Dial(t.Context(), "ws://evil.example/pong", &websocket.DialOptions{HTTPClient: web, Subprotocols: []string{protocol.Version}})
	if err == nil || r == nil || r.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a WebSocket to evil.example: %v", err)
	}
}

// service runs the program with the documented flags, at ports of its own, and tells where it is.
func service(t *testing.T, bin, flags string) (addr string) {
	t.Helper()
	page := t.TempDir()
	if err := os.WriteFile(filepath.Join(page, "index.html"), []byte("the page"), 0o644); err != nil {
		t.Fatal(err)
	}
	flags = strings.NewReplacer("127.0.0.1:8080", "127.0.0.1:0", ":3478", "127.0.0.1:0").Replace(flags)
	run := exec.Command(bin, append(strings.Fields(flags), "-web", page)...)
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Process.Signal(os.Interrupt)
		io.Copy(io.Discard, out)
		run.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "signaling at ws://")
	if !ok {
		t.Fatalf("the service says %q, %v", line, err)
	}
	return addr
}

// runNginx has the location in a server with TLS, and its files in dir.
func runNginx(t *testing.T, dir, location, cert, key string, port int) *exec.Cmd {
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	config := filepath.Join(dir, "nginx.conf")
	write(t, config, fmt.Sprintf("daemon off;\nmaster_process off;\npid %s;\nevents {}\nhttp {\naccess_log off;\n%sserver {\nlisten 127.0.0.1:%d ssl;\nserver_name %s;\nssl_certificate %s;\nssl_certificate_key %s;\n%s}\n}\n",
		filepath.Join(dir, "pid"), &temp, port, host, cert, key, location))
	return exec.Command("nginx", "-e", "stderr", "-p", dir, "-c", config)
}

// runCaddy has the site with a certificate of ours, where Let's Encrypt gives none.
func runCaddy(t *testing.T, dir, site, cert, key string, port int) *exec.Cmd {
	config := filepath.Join(dir, "Caddyfile")
	write(t, config, fmt.Sprintf("{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port %d\n\tdefault_bind 127.0.0.1\n\tservers {\n\t\tprotocols h1 h2\n\t}\n}\n%s",
		port, strings.Replace(site, "{\n", fmt.Sprintf("{\n\ttls %s %s\n", cert, key), 1)))
	cmd := exec.Command("caddy", "run", "--config", config, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	return cmd
}

// begin starts a proxy, and waits until it answers or ends.
func begin(t *testing.T, addr string, cmd *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		<-ended
	})
	for {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ends: %s", cmd, &said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// to leads whatever a client asks for to one address.
func to(addr string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}
}

// one is what a document has of a pattern, once.
func one(t *testing.T, pattern *regexp.Regexp, text string) string {
	t.Helper()
	found := pattern.FindAllStringSubmatch(text, -1)
	if len(found) != 1 {
		t.Fatalf("%d pieces like %s, want one", len(found), pattern)
	}
	return found[0][1]
}

func document(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
