//go:build !js

package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"github.com/punchback/punchback/nat/natlab"
	"github.com/punchback/punchback/signaling/protocol"
	"github.com/punchback/punchback/signaling/server"
)

// A server that drains is alive and not ready, takes nobody, tells its clients
// when to come back, and waits for what its relay carries.
func TestDrain(t *testing.T) {
	s, err := server.New(server.Config{Turn: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := httptest.NewServer(s)
	defer h.Close()
	url := "ws" + strings.TrimPrefix(h.URL, "http")
	status := func(path string) int {
		r, err := http.Get(h.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	if a, b := status("/healthz"), status("/readyz"); a != 200 || b != 200 {
		t.Fatalf("%d and %d before", a, b)
	}
	l := raw(t, url+"/toy/ROOM", nil, protocol.Version)
	l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	w := l.read()
	relayed := allocate(t, w)
	drained := make(chan struct{})
	go func() {
		s.Drain(context.Background())
		close(drained)
	}()
	if m := l.read(); m.Kind != protocol.Error || m.Code != protocol.CodeClosing || m.After < 500 {
		t.Errorf("%+v", m)
	}
	l.CloseNow()
	if a, b := status("/healthz"), status("/readyz"); a != 200 || b != 503 {
		t.Errorf("%d and %d meanwhile", a, b)
	}
	if n := status("/"); n != 200 {
		t.Errorf("%d for a file", n)
	}
	select {
	case <-drained:
		t.Error("it did not wait for the relay")
	default:
	}
	if err := relayed.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-drained:
	case <-time.After(20 * time.Second):
		t.Error("it waits for nothing")
	}
}

// allocate begins to be relayed, by what a Welcome says.
func allocate(t *testing.T, w protocol.Message) net.PacketConn {
	t.Helper()
	for _, s := range w.Servers {
		if strings.HasPrefix(s.URLs[0], "turn:") {
			relayed, err := allocateBy(t, s)
			if err != nil {
				t.Fatal(err)
			}
			return relayed
		}
	}
	t.Fatalf("no relay: %+v", w.Servers)
	return nil
}

func allocateBy(t *testing.T, s protocol.Server) (net.PacketConn, error) {
	t.Helper()
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { udp.Close() })
	at := strings.TrimSuffix(strings.TrimPrefix(s.URLs[0], "turn:"), "?transport=udp")
	c, err := turn.NewClient(&turn.ClientConfig{STUNServerAddr: at, TURNServerAddr: at, Conn: udp,
		Username: s.Username, Password: s.Credential, LoggerFactory: logging.NewDefaultLoggerFactory()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	return c.Allocate()
}

// Whoever leaves is not relayed any more, and not a moment longer than it is in its room:
// though its connection goes on, since it has not closed it.
func TestWhoLeavesIsNotRelayed(t *testing.T) {
	s, err := server.New(server.Config{Turn: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h := httptest.NewServer(s)
	defer h.Close()
	l := raw(t, "ws"+strings.TrimPrefix(h.URL, "http")+"/toy/ROOM", nil, protocol.Version)
	l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	defer allocate(t, l.read()).Close()
	if n := s.Relayed(); n != 1 {
		t.Fatalf("%d addresses", n)
	}
	members := func() string {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "/healthz", nil))
		return w.Body.String()
	}
	began := time.Now()
	l.write(protocol.Message{Kind: protocol.Leave})
	for !strings.Contains(members(), "members 0\n") {
		if time.Since(began) > 20*time.Second {
			t.Fatal("it is a member for ever")
		}
		time.Sleep(time.Millisecond)
	}
	if n := s.Relayed(); n != 0 {
		t.Errorf("%d addresses of who is a member no more", n)
	}
	t.Logf("relayed for %v", time.Since(began))
	l.ends()
}

// Whoever was there before a drain is back when the next server is, with its place.
func TestBackAfterADrain(t *testing.T) {
	at := freeAddr(t)
	begin := func() (stop func()) {
		ctx, cancel := context.WithCancel(context.Background())
		ready, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- server.Run(ctx, server.Config{Addr: at, Turn: "off", Proofs: proofs, Ready: func(net.Addr) { close(ready) }})
		}()
		select {
		case <-ready:
		case err := <-done:
			t.Fatal(err)
		}
		return func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	stop := begin()
	a, b := enter(t, "ws://"+at+"/toy/ROOM", "1"), enter(t, "ws://"+at+"/toy/ROOM", "1")
	stop()
	defer begin()()
	for _, p := range []*player{a, b} {
		p.until("back", func() bool { return p.Up() })
		if w := p.await(protocol.Welcome); w.Self != p.self || w.Code != "ROOM" {
			t.Errorf("%+v, was %d", w, p.self)
		}
	}
}

func freeAddr(t *testing.T) string {
	return fmt.Sprint("127.0.0.1:", natlab.FreePorts(1)[0])
}

// With a certificate players come by wss, and a renewed one is taken up.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	root := certify(t, cert, key, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	var said strings.Builder
	go func() {
		done <- server.Run(ctx, server.Config{Addr: "127.0.0.1:0", Turn: "off", Cert: cert, Key: key, Out: &said, Ready: func(a net.Addr) { ready <- a }})
	}()
	at := (<-ready).String()
	pool := x509.NewCertPool()
	pool.AddCert(root)
	serial := func() int64 {
		c, err := tls.Dial("tcp", at, &tls.Config{RootCAs: pool, NextProtos: []string{"http/1.1"}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("certificate %d", n)
	}
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	r, err := web.Get("https://" + at + "/healthz")
	if err != nil || r.StatusCode != 200 {
		t.Fatal(r, err)
	}
	r.Body.Close()
	l := rawBy(t, web, "wss://"+at+"/toy/ROOM", nil, protocol.Version)
	l.write(protocol.Message{Kind: protocol.Hello, Build: "1"})
	if w := l.read(); w.Kind != protocol.Welcome {
		t.Errorf("%+v", w)
	}
	l.CloseNow()
	root2 := certify(t, cert, key, 2)
	pool.AddCert(root2)
	os.Chtimes(cert, time.Now().Add(time.Minute), time.Now().Add(time.Minute))
	for begin := time.Now(); serial() != 2; time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("the renewed certificate is not used")
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !strings.HasPrefix(said.String(), "signaling at wss://") {
		t.Error(said.String())
	}
}

// certify writes a certificate for this machine that vouches for itself.
func certify(t *testing.T, cert, key string, serial int64) *x509.Certificate {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
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
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
