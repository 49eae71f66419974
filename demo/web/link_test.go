//go:build worlds

package main

import (
	"archive/zip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestExportedPage serves an exported page as any web server would, below a
// path. The game plays at the server that the page was built with, whatever a link
// says, unless it was exported to believe links.
func TestExportedPage(t *testing.T) {
	dir := t.TempDir()
	for name, flags := range map[string][]string{"123": nil, "led": {"-server-from-link"}} {
		file := filepath.Join(dir, name+".zip")
		if code, out, said := web(t, ".", append(flags, "-zip", file, "-server", "wss://play.example.org", "./testdata/hello")...); code != 0 {
			t.Fatalf("exit status %d: %s%s", code, out, said)
		}
		page, err := zip.OpenReader(file)
		if err != nil {
			t.Fatal(err)
		}
		defer page.Close()
		if err := os.CopyFS(filepath.Join(dir, "html", name), page); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	tab := browser(t)
	must(t, tab.Navigate(server.URL+"/html/123/?room=fox"))
	until(t, tab, "globalThis.punchback?.shown && updates > 10")
	const own, evil = "server=wss%3A%2F%2Fplay.example.org", "server=wss%3A%2F%2Fevil.example"
	for _, c := range []struct{ path, query string }{
		{"123/?room=fox", "?room=fox&" + own},
		{"123/?server=wss://evil.example&room=fox", "?" + own + "&room=fox"},
		{"123/?server=wss://evil.example&server=wss://evil.example", "?" + own},
		{"led/?room=fox", "?room=fox&" + own},
		{"led/?" + evil, "?" + evil},
	} {
		must(t, tab.Navigate(server.URL+"/html/"+c.path))
		if got := value[string](t, tab, "punchback.server + location.search"); got != "wss://play.example.org"+c.query {
			t.Errorf("%s: the game is told %s", c.path, got)
		}
		if got, want := value[bool](t, tab, "punchback.serverFromLink === true"), strings.HasPrefix(c.path, "led"); got != want {
			t.Errorf("%s: a link may name another server: %v", c.path, got)
		}
	}
}

// TestLink opens links that name another server at a page that has none built in:
// they count on this machine's own addresses alone.
func TestLink(t *testing.T) {
	dir := workspace(t, map[string]string{"main.go": shows(1)})
	url, _ := started(t, dir, "-public", "game.example", ".")
	tab := browser(t, chromedp.Flag("host-resolver-rules", "MAP game.example 127.0.0.1, MAP 127.evil.example 127.0.0.1"))
	for host, want := range map[string]string{"127.0.0.1": "?a=b%20c&server=ws://evil.example", "localhost": "?a=b%20c&server=ws://evil.example", "game.example": "?a=b+c"} {
		must(t, tab.Navigate(strings.Replace(url, "127.0.0.1", host, 1)+"?a=b%20c&server=ws://evil.example"))
		if got := value[string](t, tab, "location.search"); got != want {
			t.Errorf("at %s the game is told %s", host, got)
		}
	}
	must(t, tab.Navigate(strings.Replace(url, "127.0.0.1", "game.example", 1)+"?a=b%20c"))
	if got := value[string](t, tab, "location.search"); got != "?a=b%20c" {
		t.Errorf("without a server the query becomes %s", got)
	}
	must(t, tab.Navigate(strings.Replace(url, "127.0.0.1", "127.evil.example", 1)))
	if got := value[string](t, tab, "document.body.innerText"); !strings.Contains(got, `does not know the host "127.evil.example"`) {
		t.Errorf("a name that leads here shows %q", got)
	}
}
