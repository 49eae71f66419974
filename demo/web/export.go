package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// file is one file of an exported page.
type file struct {
	name string
	body []byte
}

// exported is the whole static page: any web server will do, and so will
// itch.io, which compresses by itself. Links within it are relative.
func exported(p *program, server string) ([]file, error) {
	script, err := fs.ReadFile(pages, "page/page.js")
	if err != nil {
		return nil, err
	}
	var index bytes.Buffer
	err = templates.ExecuteTemplate(&index, "index.html", page{
		Title: p.name, Name: p.name, Wasm: "game.wasm", Size: len(p.wasm), Build: p.id, Server: server,
	})
	if err != nil {
		return nil, err
	}
	return []file{
		{"index.html", index.Bytes()},
		{"page.js", script},
		{"wasm_exec.js", p.exec},
		{"game.wasm", p.wasm},
	}, nil
}

// export writes the page as a folder, as a zip file, or both.
func export(o options, p *program, out io.Writer) error {
	files, err := exported(p, o.server)
	if err != nil {
		return err
	}
	if o.export != "" {
		if err := writeFolder(o.export, files); err != nil {
			return err
		}
		fmt.Fprintf(out, "the page is in %s: serve that folder with any web server\n", o.export)
	}
	if o.zip != "" {
		if err := writeZip(o.zip, files); err != nil {
			return err
		}
		fmt.Fprintf(out, "the page is %s: upload it to itch.io as HTML, and start your server with -origin itch\n", o.zip)
	}
	return nil
}

// writeFolder leaves other files there alone, but never writes into a folder
// that holds Go source: that would be a slip.
func writeFolder(dir string, files []file) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if found, _ := os.ReadDir(dir); slices.ContainsFunc(found, func(e os.DirEntry) bool { return filepath.Ext(e.Name()) == ".go" }) {
		return fmt.Errorf("-export %s: that folder holds Go source; name one of its own", dir)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func writeZip(name string, files []file) error {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err != nil {
			return err
		}
		if _, err := w.Write(f.body); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(name, buf.Bytes(), 0o644)
}
