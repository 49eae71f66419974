// Package secret keeps random bytes in a file, so that a program has the same identity
// tomorrow: a server its key, a player an identity. It interprets neither. The browser has
// no files, so the package is not for it.
package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Max is how long such a file may be.
const Max = 4 << 10

// Path is where a secret of this user belongs, by its name.
func Path(name string) (string, error) {
	dir, err := os.UserConfigDir()
	return filepath.Join(dir, "punchback", name), err
}

// File is what a file holds; if there is none it is made, to hold fresh. Programs
// that start at once agree, since the first to make it makes it whole. Only its
// owner can read it.
func File(name string, fresh []byte) ([]byte, error) {
	b, err := read(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return b, err
	}
	dir, base := filepath.Split(name)
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	f, err := os.CreateTemp(filepath.Clean(dir), base+".*") // of mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(fresh)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return nil, err
	}
	// Some file systems have no links; there the last to make it counts.
	if err := os.Link(f.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := os.Rename(f.Name(), name); err != nil {
			return nil, err
		}
	}
	return read(name)
}

func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, Max+1))
	if err == nil && len(b) > Max {
		return nil, fmt.Errorf("%s has more than %d bytes", name, Max)
	}
	return b, err
}
