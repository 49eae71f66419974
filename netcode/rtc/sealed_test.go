package rtc_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/punchback/punchback/netcode/rtc"
)

// eavesdropper is a proxy in front of a server that keeps what comes by. It is
// what the server sees.
func eavesdropper(t *testing.T, to string) (link string, seen func() string) {
	t.Helper()
	u, err := url.Parse("http" + strings.TrimPrefix(to, "ws"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all bytes.Buffer
	p := httputil.NewSingleHostReverseProxy(u)
	p.ModifyResponse = func(r *http.Response) error {
		if body, ok := r.Body.(io.ReadWriteCloser); ok { // an upgraded connection
			r.Body = &tapped{body, func(b []byte) {
				mu.Lock()
				defer mu.Unlock()
				all.Write(b)
			}}
		}
		return nil
	}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http"), func() string {
		mu.Lock()
		defer mu.Unlock()
		return all.String()
	}
}

type tapped struct {
	io.ReadWriteCloser
	tap func([]byte)
}

func (c *tapped) Read(b []byte) (int, error) {
	n, err := c.ReadWriteCloser.Read(b)
	c.tap(b[:n])
	return n, err
}

// With a secret the server carries no address of the players', in a form that it
// can read, and they meet all the same.
func TestTheServerReadsNoAddress(t *testing.T) {
	for _, secret := range []string{"", rtc.NewSecret()} {
		direct, _ := serve(t)
		link, seen := eavesdropper(t, direct)
		var rooms []*rtc.Room
		for range 2 {
			r, err := rtc.Join(link+"/toy/CELLAR?players=2", &rtc.Options{Build: "toy/1", Rate: rate, Secret: secret})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			rooms = append(rooms, r)
		}
		together(t, rooms, 60, nil)
		said := seen()
		if !strings.Contains(said, `"kind":"signal"`) {
			t.Fatalf("nothing was overheard: %.300s", said)
		}
		// A candidate in JSON in base64 begins in one of three ways.
		readable := strings.Contains(said, "Y2FuZGlkYXRl") || strings.Contains(said, "NhbmRpZGF0Z") || strings.Contains(said, "jYW5kaWRhdGU")
		if readable != (secret == "") {
			t.Errorf("with secret %q: addresses can be read: %v", secret, readable)
		}
	}
}

// Whoever has another secret is not understood, and both are told so.
func TestAnotherSecret(t *testing.T) {
	t.Cleanup(rtc.SetLinkTimeout(500 * time.Millisecond))
	link, _ := serve(t)
	var rooms []*rtc.Room
	for _, secret := range []string{"one", "another"} {
		r, err := rtc.Join(link+"/toy/CELLAR?players=2", &rtc.Options{Build: "toy/1", Name: secret, Secret: secret})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		rooms = append(rooms, r)
	}
	for _, r := range rooms {
		await(t, "a reason", func() bool { return strings.Contains(r.Status().Text, "another secret") })
	}
}
