//go:build worlds && unix

package browsers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWebKit(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><title>here</title>`)
	}))
	defer s.Close()
	k, err := OpenWebKit(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if err := k.Navigate(s.URL); err != nil {
		t.Fatal(err)
	}
	var title string
	if err := k.Eval("document.title", &title); err != nil || title != "here" {
		t.Errorf("title %q, %v", title, err)
	}
	if png, err := k.Shot(); err != nil || len(png) == 0 {
		t.Errorf("a picture of %d bytes, %v", len(png), err)
	}
}
