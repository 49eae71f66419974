//go:build unix

package browsers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

type firefox struct {
	*bidi
	process
	stop func() // the display's end

	mu       sync.Mutex
	consoles map[string]io.Writer // by tab
}

// preferences are Firefox's, beside a person's: WebGL in software, and no tab,
// question or request of its own.
const preferences = `
user_pref("webgl.force-enabled", true);
user_pref("remote.prefs.recommended", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.newtabpage.enabled", false);
user_pref("browser.warnOnQuit", false);
user_pref("browser.tabs.warnOnClose", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("toolkit.telemetry.server", "");
user_pref("app.normandy.enabled", false);
user_pref("app.update.auto", false);
user_pref("browser.safebrowsing.downloads.remote.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.safebrowsing.provider.mozilla.updateURL", "");
user_pref("extensions.update.enabled", false);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.dns.disablePrefetch", true);
user_pref("media.gmp-manager.updateEnabled", false);
`

// Firefox starts it with a new profile in dir, on a display in memory.
func Firefox(dir string) (_ Browser, err error) {
	path, err := find("firefox-esr", "firefox")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(preferences), 0o644); err != nil {
		return nil, err
	}
	display, stop, err := Screen()
	if err != nil {
		return nil, err
	}
	f := &firefox{stop: stop, consoles: map[string]io.Writer{}}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "--no-remote", "--profile", dir, "--remote-debugging-port", "0", "--width", "640", "--height", "480", "about:blank")
	cmd.Env = append(os.Environ(), "DISPLAY="+display, "HOME="+dir, "MOZ_CRASHREPORTER_DISABLE=1", "LIBGL_ALWAYS_SOFTWARE=1")
	cmd.Stderr = w
	f.process, err = launch(cmd)
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	at, err := said(r, "WebDriver BiDi listening on ")
	if err != nil {
		return nil, err
	}
	if f.bidi, err = dialBiDi(at+"/session", f.log); err != nil {
		return nil, err
	}
	if err := f.call("session.new", object{"capabilities": object{}}, nil); err != nil {
		return nil, err
	}
	return f, f.call("session.subscribe", object{"events": []string{"log.entryAdded"}}, nil)
}

func (f *firefox) Name() string { return "Firefox" }

func (f *firefox) Close() {
	if f.bidi != nil {
		f.bidi.close()
	}
	if f.cmd != nil {
		f.kill()
	}
	f.stop()
}

// log writes what pages say to their consoles.
func (f *firefox) log(_ string, params json.RawMessage) {
	var e struct {
		Level, Text string
		Source      struct{ Context string }
	}
	if json.Unmarshal(params, &e) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if w := f.consoles[e.Source.Context]; w != nil {
		fmt.Fprintf(w, "%s: %s\n", e.Level, e.Text)
	}
}

func (f *firefox) Window(console io.Writer) (Tab, error) {
	var person struct{ UserContext string }
	if err := f.call("browser.createUserContext", object{}, &person); err != nil {
		return nil, err
	}
	return f.open(object{"type": "window", "userContext": person.UserContext}, person.UserContext, console)
}

func (f *firefox) open(create object, person string, console io.Writer) (Tab, error) {
	var tab struct{ Context string }
	if err := f.call("browsingContext.create", create, &tab); err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.consoles[tab.Context] = console
	f.mu.Unlock()
	t := &foxTab{f, tab.Context, person, create["type"] == "window"}
	return t, f.call("browsingContext.setViewport", object{"context": t.id, "viewport": object{"width": 640, "height": 360}}, nil)
}

// foxTab is a tab of Firefox.
type foxTab struct {
	f          *firefox
	id, person string
	first      bool // its end is that of the person
}

func (t *foxTab) Preload(script string) error {
	return t.f.call("script.addPreloadScript", object{"contexts": []string{t.id}, "functionDeclaration": "() => {" + script + "\n}"}, nil)
}

func (t *foxTab) Navigate(url string) error {
	return t.f.call("browsingContext.navigate", object{"context": t.id, "url": url, "wait": "complete"}, nil)
}

func (t *foxTab) Eval(expression string, v any) error { return t.evaluate(expression, v, false) }
func (t *foxTab) Act(expression string, v any) error  { return t.evaluate(expression, v, true) }

func (t *foxTab) evaluate(expression string, v any, gesture bool) error {
	var r struct {
		Result           struct{ Value string } // of type string, or undefined
		ExceptionDetails *struct{ Text string }
	}
	err := t.f.call("script.evaluate", object{"expression": asJSON(expression), "target": object{"context": t.id}, "awaitPromise": true, "userActivation": gesture}, &r)
	if err != nil {
		return err
	}
	if r.ExceptionDetails != nil {
		return fmt.Errorf("browsers: %s: %w", expression, errors.New(r.ExceptionDetails.Text))
	}
	return decode(expression, r.Result.Value, v)
}

// keys are the ones that BiDi knows by a number.
var keys = strings.NewReplacer("Enter", "\uE007", "ArrowLeft", "\uE012", "ArrowUp", "\uE013", "ArrowRight", "\uE014", "ArrowDown", "\uE015", "Escape", "\uE00C")

func (t *foxTab) Press(key string, length time.Duration) error {
	value := keys.Replace(key)
	return t.f.call("input.performActions", object{"context": t.id, "actions": []object{{"type": "key", "id": "keys", "actions": []object{
		{"type": "keyDown", "value": value}, {"type": "pause", "duration": length.Milliseconds()}, {"type": "keyUp", "value": value},
	}}}}, nil)
}

func (t *foxTab) Shot() (png []byte, err error) {
	var r struct{ Data []byte } // base64, as Go's JSON reads it
	err = t.f.call("browsingContext.captureScreenshot", object{"context": t.id}, &r)
	return r.Data, err
}

func (t *foxTab) Beside(console io.Writer) (Tab, error) {
	return t.f.open(object{"type": "tab", "referenceContext": t.id, "background": true, "userContext": t.person}, t.person, console)
}

func (t *foxTab) Front() error {
	return t.f.call("browsingContext.activate", object{"context": t.id}, nil)
}

func (t *foxTab) Close() error {
	if t.first {
		return t.f.call("browser.removeUserContext", object{"userContext": t.person}, nil)
	}
	return t.f.call("browsingContext.close", object{"context": t.id}, nil)
}
