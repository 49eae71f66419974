//go:build !js && (cgo || windows)

package scene

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

const (
	canQuit  = true
	cantCopy = "no clipboard program was found: please type it"
)

// publish does nothing here: there is no page that asks.
func (a *app) publish() {}

// turn does nothing here either.
func (a *app) turn() {}

// address does nothing here: there is no address bar.
func (a *app) address(code string, players int) {}

// warn does so on the terminal.
func warn(sentence string) { fmt.Fprintln(os.Stderr, sentence) }

// report says on the terminal why a match ended.
func report(err error) { fmt.Fprintln(os.Stderr, err) }

// copyText gives text to the first clipboard program there is.
func copyText(text string, done func(ok bool)) {
	for _, tool := range [][]string{{"wl-copy"}, {"xclip", "-selection", "clipboard"}, {"xsel", "-ib"}, {"pbcopy"}, {"clip.exe"}} {
		path, err := exec.LookPath(tool[0])
		if err != nil {
			continue
		}
		cmd := exec.Command(path, tool[1:]...)
		cmd.Stdin = strings.NewReader(text)
		if cmd.Run() == nil {
			done(true)
			return
		}
	}
	done(false)
}

// hidden reports whether nobody can see the picture.
func hidden() bool { return false }
