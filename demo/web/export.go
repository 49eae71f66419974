package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
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

const wasmName = "game.wasm"

// exported is the whole static page: any web server will do, and so will
// itch.io, which compresses by itself. Links within it are relative.
func exported(p *program, server string, fromLink bool) ([]file, error) {
	script, err := fs.ReadFile(pages, "page/page.js")
	if err != nil {
		return nil, err
	}
	var index bytes.Buffer
	err = templates.ExecuteTemplate(&index, "index.html", page{
		Title: p.name, Name: p.name, Wasm: wasmName, Size: len(p.wasm), Build: p.id, Server: server, FromLink: fromLink,
	})
	if err != nil {
		return nil, err
	}
	return []file{
		{"index.html", index.Bytes()},
		{"page.js", script},
		{"wasm_exec.js", p.exec},
		{wasmName, p.wasm},
	}, nil
}

// encoded are the files with their encodings behind them, so that no encoding is
// older than its original: a server then knows that it still fits.
func encoded(ctx context.Context, p *program, files []file) (all []file, err error) {
	for _, f := range files {
		var br []byte
		if f.name == wasmName {
			br, err = p.brotli(ctx)
		} else {
			br, err = brotlied(ctx, f.body)
		}
		if br == nil { // An error with it is that the next export makes it again.
			return nil, err
		}
		all = append(all, f, file{f.name + ".br", br}, file{f.name + ".gz", gzipped(f.body, gzip.BestCompression)})
	}
	return all, nil
}

// export writes the page as a folder, as a zip file, or both.
func export(ctx context.Context, o options, p *program, m *meter, out io.Writer) error {
	files, err := exported(p, o.server, o.fromLink)
	if err != nil {
		return err
	}
	if o.export != "" {
		if err := makeFolder(o.export); err != nil {
			return err
		}
		all := files
		_, err := m.during("compressing as well as can be, once for each build", func() (err error) {
			all, err = encoded(ctx, p, files)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range all {
			if err := os.WriteFile(filepath.Join(o.export, f.name), f.body, 0o644); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "the page is in %s: serve that folder with any web server; signaling -web sends its .br and .gz to browsers that take them\n", o.export)
	}
	if o.zip != "" {
		if err := writeZip(o.zip, files); err != nil {
			return err
		}
		fmt.Fprintf(out, "the page is %s: upload it to itch.io as HTML, and start your server with -origin itch\n", o.zip)
	}
	return nil
}

// makeFolder makes the folder for a page. Other files there are left alone, but
// one that holds Go source is refused: that would be a slip.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if found, _ := os.ReadDir(dir); slices.ContainsFunc(found, func(e os.DirEntry) bool { return filepath.Ext(e.Name()) == ".go" }) {
		return fmt.Errorf("-export %s: that folder holds Go source; name one of its own", dir)
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
