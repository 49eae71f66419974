package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// secure puts TLS in front of a listener, if the configuration has it: from
// files, or from Let's Encrypt.
func (c *Config) secure(l net.Listener) (net.Listener, error) {
	switch {
	case len(c.Autocert) > 0:
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(c.Autocert...), Cache: autocert.DirCache(c.AutocertDir)}
		if c.AutocertFrom != "" {
			m.Client = &acme.Client{DirectoryURL: c.AutocertFrom}
		}
		t := m.TLSConfig()
		t.NextProtos = []string{"http/1.1", "acme-tls/1"} // A WebSocket is one of HTTP/1.1.
		failed := &seldom{log: c.Log, level: slog.LevelWarn}
		t.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			got, err := m.GetCertificate(hello)
			if err != nil && slices.Contains(c.Autocert, hello.ServerName) { // Strangers ask for anything.
				fmt.Fprintf(failed, "no certificate for %s: %v", hello.ServerName, err)
			}
			return got, err
		}
		return tls.NewListener(l, t), nil
	case c.Cert != "":
		p := &pair{cert: c.Cert, key: c.Key}
		if _, err := p.get(nil); err != nil {
			return nil, err
		}
		return tls.NewListener(l, &tls.Config{GetCertificate: p.get, NextProtos: []string{"http/1.1"}}), nil
	}
	return l, nil
}

// encrypted reports whether players come by wss.
func (c *Config) encrypted() bool { return c.Cert != "" || len(c.Autocert) > 0 }

func (c *Config) checkTLS() error {
	switch {
	case (c.Cert == "") != (c.Key == ""):
		return errors.New("server: cert and key: one is of no use without the other")
	case c.Cert != "" && len(c.Autocert) > 0:
		return errors.New("server: cert and autocert: choose one")
	}
	if len(c.Autocert) > 0 && c.AutocertDir == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("server: autocert: nowhere to keep certificates (%w): name a folder with -autocert-dir", err)
		}
		c.AutocertDir = filepath.Join(dir, "punchback")
	}
	for _, host := range c.Autocert {
		if _, err := netip.ParseAddr(host); err == nil || !isHost(host) {
			return fmt.Errorf("server: autocert %q: want the name of a host, without scheme and port", host)
		}
	}
	if len(c.Autocert) > 0 { // Not to learn it when the first certificate is lost: an authority gives few of them.
		err := os.MkdirAll(c.AutocertDir, 0o700)
		if err == nil {
			var f *os.File
			if f, err = os.CreateTemp(c.AutocertDir, "writable"); err == nil {
				f.Close()
				err = os.Remove(f.Name())
			}
		}
		if err != nil {
			return fmt.Errorf("server: autocert: certificates can't be kept (%w): name another folder with -autocert-dir", err)
		}
	}
	return nil
}

// pair is a certificate and its key in files, which are read again when they
// have changed: certificates are renewed while a server runs.
type pair struct {
	cert, key string

	mu      sync.Mutex
	now     *tls.Certificate
	changed time.Time // of the certificate's file
	looked  time.Time
}

// lookAgain is for how long a file is taken to be what it was.
var lookAgain = 10 * time.Second

func (p *pair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != nil && time.Since(p.looked) < lookAgain {
		return p.now, nil
	}
	p.looked = time.Now()
	info, err := os.Stat(p.cert)
	if err == nil && p.now != nil && info.ModTime().Equal(p.changed) {
		return p.now, nil
	}
	if err == nil {
		var c tls.Certificate
		if c, err = tls.LoadX509KeyPair(p.cert, p.key); err == nil {
			p.now, p.changed = &c, info.ModTime()
		}
	}
	if p.now == nil {
		return nil, fmt.Errorf("server: certificate: %w", err)
	}
	return p.now, nil // Half a renewal must not end the service: the one before is good for days yet.
}
