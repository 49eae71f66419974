//go:build unix

package browsers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/punchback/punchback/nat/natlab"
)

// A WebKit is a window of it, driven by classic WebDriver, which has no scripts
// before a page's own and no events: enough for a page that says what it lacks.
type WebKit struct {
	process
	stop    func() // the display's end
	session string // its URL
	web     http.Client
}

// OpenWebKit starts one, on a display in memory.
func OpenWebKit(dir string) (_ *WebKit, err error) {
	path, err := find("WebKitWebDriver")
	if err != nil {
		return nil, err
	}
	display, stop, err := Screen()
	if err != nil {
		return nil, err
	}
	k := &WebKit{stop: stop, web: http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: Patience}}
	defer func() {
		if err != nil {
			k.Close()
		}
	}()
	port := natlab.FreePorts(1)[0] // it takes none by itself
	cmd := exec.Command(path, fmt.Sprint("--port=", port), "--host=127.0.0.1")
	cmd.Env = append(os.Environ(), "DISPLAY="+display, "HOME="+dir, "XDG_CACHE_HOME="+dir, "XDG_DATA_HOME="+dir, "LIBGL_ALWAYS_SOFTWARE=1", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1")
	if k.process, err = launch(cmd); err != nil {
		return nil, err
	}
	driver := fmt.Sprintf("http://127.0.0.1:%d", port)
	if err := Until(func() (any, bool) {
		var status struct{ Ready bool }
		err := k.call("GET", driver+"/status", nil, &status)
		return err, err == nil && status.Ready
	}); err != nil {
		return nil, err
	}
	var made struct{ SessionID string }
	if err := k.call("POST", driver+"/session", object{"capabilities": object{}}, &made); err != nil {
		return nil, err
	}
	k.session = driver + "/session/" + made.SessionID
	return k, nil
}

// call sends a command and reads its value.
func (k *WebKit) call(method, url string, params object, value any) error {
	var body bytes.Buffer
	if params != nil {
		if err := json.NewEncoder(&body).Encode(params); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(context.Background(), method, url, &body)
	if err != nil {
		return err
	}
	r, err := k.web.Do(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	var answer struct{ Value json.RawMessage }
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || r.StatusCode != http.StatusOK {
		return fmt.Errorf("browsers: %s %s: %s: %s %v", method, url, r.Status, answer.Value, err)
	}
	if value == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, value)
}

// Navigate goes to an address, and waits until the page is read.
func (k *WebKit) Navigate(url string) error {
	return k.call("POST", k.session+"/url", object{"url": url}, nil)
}

// Eval evaluates an expression, as that of a Tab does, but awaits nothing.
func (k *WebKit) Eval(expression string, v any) error {
	var text *string
	if err := k.call("POST", k.session+"/execute/sync", object{"script": "return JSON.stringify(" + expression + ")", "args": []any{}}, &text); err != nil || text == nil {
		return err
	}
	return decode(expression, *text, v)
}

// Shot is a picture of the page, a PNG.
func (k *WebKit) Shot() (png []byte, err error) {
	err = k.call("GET", k.session+"/screenshot", nil, &png)
	return png, err
}

// Close ends it, with all its processes.
func (k *WebKit) Close() {
	if k.session != "" {
		k.web.Timeout = 10 * time.Second
		_ = k.call("DELETE", k.session, nil, nil) // the window is no child of the driver's group for sure
	}
	if k.cmd != nil {
		k.kill()
	}
	k.stop()
}
