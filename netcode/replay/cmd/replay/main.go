// Replay looks into the files of matches and the dumps of desyncs, without the
// game:
//
//	replay info FILE...                what a file holds, and who did when how much
//	replay dump [-from F] [-to F] FILE   its rows as text; the state of a desync field by field
//	replay diff FILE FILE              the first thing that differs; of the dumps of two sides every field
//
// It knows a file by its first bytes. Info and dump of a damaged file show what
// is there, rows in which nothing happens for long as one line, say where it is damaged, and end with status 2. Diff ends with
// status 0 if nothing differs, 1 if something does and 2 in trouble. It changes
// no file.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/printable"
)

const usage = `usage: replay info FILE...                  what a file holds, and who did when how much
       replay dump [-from F] [-to F] FILE   its rows as text, of frames F to F; the state of a desync field by field
       replay diff FILE FILE                the first thing that differs; of the dumps of two sides every field
`

// A kind of file.
type kind struct {
	magic string // its first bytes
	name  string
	info  func(w io.Writer, f *file) error
	dump  func(w io.Writer, f *file, from, to netcode.Frame) error
	diff  func(w io.Writer, a, b *file) (same bool, err error)
}

var kinds = []kind{replays, desyncs}

// file is an open file.
type file struct {
	name string
	io.ReaderAt
	size int64
	kind *kind
}

func main() { os.Exit(run(os.Stdout, os.Stderr, os.Args[1:])) }

// run is main, and returns the status.
func run(out, trouble io.Writer, args []string) int {
	pages := bufio.NewWriterSize(out, 64<<10)
	status, err := command(pages, trouble, args)
	if wrong := pages.Flush(); err == nil && wrong != nil {
		status, err = 2, wrong
	}
	if err == errUsage {
		fmt.Fprintln(trouble, err)
	} else if err != nil {
		fmt.Fprintln(trouble, printable.Line(err.Error())) // It may quote the file, and the name of one that came from somebody.
	}
	return status
}

var errUsage = errors.New(strings.TrimSpace(usage))

func command(out, trouble io.Writer, args []string) (status int, err error) {
	if len(args) == 0 {
		return 2, errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(trouble)
	flags.Usage = func() { fmt.Fprint(trouble, usage) }
	from, to := 0, 1<<31-1
	if args[0] == "dump" {
		flags.IntVar(&from, "from", from, "first frame")
		flags.IntVar(&to, "to", to, "last frame")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return 2, nil // said by flags
	}
	n := flags.NArg()
	files := make([]*file, n)
	if known := args[0] == "info" && n > 0 || args[0] == "dump" && n == 1 || args[0] == "diff" && n == 2; !known {
		return 2, errUsage
	}
	for i, name := range flags.Args() {
		if files[i], err = open(name); err != nil {
			return 2, err
		}
	}
	switch f := files[0]; args[0] {
	case "info":
		for i, f := range files {
			if i > 0 {
				fmt.Fprintln(out)
			}
			if err := f.kind.info(out, f); err != nil {
				return 2, fmt.Errorf("%s: %w", f.name, err)
			}
		}
	case "dump":
		if err := f.kind.dump(out, f, netcode.Frame(min(max(from, 0), 1<<31-1)), netcode.Frame(min(max(to, 0), 1<<31-1))); err != nil {
			return 2, fmt.Errorf("%s: %w", f.name, err)
		}
	case "diff":
		if f.kind != files[1].kind {
			return 2, fmt.Errorf("%s is a %s, %s a %s", f.name, f.kind.name, files[1].name, files[1].kind.name)
		}
		same, err := f.kind.diff(out, f, files[1])
		if err != nil {
			return 2, err
		}
		if !same {
			return 1, nil
		}
	}
	return 0, nil
}

// open finds out the kind of a file. It is closed when the program ends.
func open(name string) (*file, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	for i := range kinds {
		k := &kinds[i]
		start := make([]byte, len(k.magic))
		if _, err := f.ReadAt(start, 0); err == nil && string(start) == k.magic {
			return &file{name: printable.Line(name), ReaderAt: f, size: stat.Size(), kind: k}, nil
		}
	}
	var names []string
	for _, k := range kinds {
		names = append(names, fmt.Sprintf("%q (a %s)", k.magic, k.name))
	}
	return nil, fmt.Errorf("%s: must begin with %s", name, strings.Join(names, " or "))
}
