package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/punchback/punchback/nat/natlab"
)

// A real authority gives a certificate for the name, by the port itself, which
// is kept: the next start needs no authority. Nobody gets one for another name.
func TestAutocert(t *testing.T) {
	for _, p := range []string{"pebble", "pebble-challtestsrv"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skip(p + " is not installed: it is Debian's package pebble")
		}
	}
	const host = "play.example.test"
	bin, dir := program(t), t.TempDir()
	cert, key, config := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "pebble.json")
	pool := authority(t, cert, key)
	ports := natlab.FreePorts(5)
	var at [5]string // the service, the authority, its management, DNS, a port that nobody uses
	for i, p := range ports {
		at[i] = fmt.Sprint("127.0.0.1:", p)
	}
	b, err := json.Marshal(map[string]any{"pebble": map[string]any{"listenAddress": at[1], "managementListenAddress": at[2],
		"certificate": cert, "privateKey": key, "httpPort": ports[4], "tlsPort": ports[0]}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, b, 0o600); err != nil {
		t.Fatal(err)
	}
	begin := func(env []string, name string, args ...string) (stop func()) {
		ctx, cancel := context.WithCancel(context.Background())
		c := exec.CommandContext(ctx, name, args...)
		c.Env = append(os.Environ(), env...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		stop = func() { cancel(); c.Wait() }
		t.Cleanup(stop)
		return stop
	}
	begin(nil, "pebble-challtestsrv", "-dns01", at[3], "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "127.0.0.1:0")
	names := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", at[3])
	}}
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if _, err := names.LookupHost(t.Context(), host); err == nil {
			break
		} else if time.Since(begin) > 30*time.Second {
			t.Fatal(err)
		}
	}
	stop := begin([]string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0"}, "pebble", "-config", config, "-dnsserver", at[3])
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	var root []byte
	for begin := time.Now(); root == nil; time.Sleep(50 * time.Millisecond) {
		if r, err := web.Get("https://" + at[2] + "/roots/0"); err == nil {
			root, _ = io.ReadAll(r.Body)
			r.Body.Close()
		} else if time.Since(begin) > 30*time.Second {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(root) {
		t.Fatalf("no root: %s", root)
	}

	// serial serves, and tells which certificate a player is shown.
	serial := func() string {
		run := exec.Command(bin, "-addr", at[0], "-turn", "off", "-autocert", host, "-autocert-from", "https://"+at[1]+"/dir", "-autocert-dir", filepath.Join(dir, "kept"))
		run.Env = append(os.Environ(), "SSL_CERT_FILE="+cert)
		var log strings.Builder
		run.Stderr = &log
		out, err := run.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			run.Process.Signal(os.Interrupt)
			io.Copy(io.Discard, out)
			run.Wait()
		}()
		if line, err := bufio.NewReader(out).ReadString('\n'); line != fmt.Sprintf("signaling at wss://%s:%d\n", host, ports[0]) {
			t.Fatal(line, err)
		}
		dial := func(name string) (*tls.Conn, error) {
			return tls.DialWithDialer(&net.Dialer{Timeout: 2 * time.Minute}, "tcp", at[0], &tls.Config{ServerName: name, RootCAs: roots})
		}
		if c, err := dial("other.example.test"); err == nil {
			c.Close()
			t.Error("a certificate for another name")
		}
		c, err := dial(host)
		if err != nil {
			run.Process.Kill()
			run.Wait()
			t.Fatalf("%v\n%s", err, &log)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host)
		if said, err := io.ReadAll(c); !strings.HasPrefix(string(said), "HTTP/1.1 200") {
			t.Errorf("%v, %s", err, said)
		}
		return c.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first := serial()
	stop()
	if second := serial(); second != first {
		t.Errorf("certificate %s after a start, %s before", second, first)
	}
}

// authority makes a certificate for this machine and these names, and its key.
func authority(t *testing.T, cert, key string, names ...string) *x509.CertPool {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: names, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	b, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: b}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	return pool
}
