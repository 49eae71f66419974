//go:build !js

package netcode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/punchback/punchback/"

// A room is one directory and what it may touch. This table is the
// architecture: a directory that is not in it has no place in the house.
type room struct {
	pure bool   // no goroutine, channel, select, lock, clock, system, map order or float arithmetic
	ours string // what it may import of ours, as names of rooms; "*" is everything
	tool bool   // a helper of tests: it may import testing, and os for the files of tests; no program imports it
}

var rooms = map[string]room{
	"netcode/internal/dump":     {pure: true},
	"netcode":                   {pure: true, ours: "netcode/internal/dump"},
	"netcode/fixed":             {pure: true},
	"netcode/printable":         {pure: true},
	"netcode/plain":             {pure: true, ours: "netcode"},
	"netcode/cues":              {pure: true, ours: "netcode"},
	"netcode/simnet":            {pure: true, ours: "netcode"},
	"netcode/replay":            {pure: true, ours: "netcode netcode/internal/dump netcode/printable"},
	"netcode/netcodetest":       {pure: true, ours: "netcode netcode/simnet netcode/plain netcode/fixed netcode/replay", tool: true},
	"netcode/replay/cmd/replay": {ours: "netcode netcode/replay netcode/printable"},
	"netcode/rtc/internal/mesh": {pure: true, ours: "signaling/protocol netcode/printable"},
	"netcode/rtc":               {ours: "netcode netcode/printable netcode/rtc/internal/mesh signaling/protocol signaling/client signaling/secret nat/punch nat/trace"},
	"nat":                       {},
	"nat/cmd/natcheck":          {ours: "nat nat/portmap nat/trace"},
	"nat/natlab":                {tool: true},
	"nat/natlab/browsers":       {ours: "nat/natlab", tool: true},
	"nat/trace":                 {},
	"nat/portmap":               {},
	"nat/punch":                 {ours: "nat/portmap nat/trace"},
	"signaling/protocol":        {pure: true},
	"signaling/lobby":           {pure: true, ours: "signaling/protocol"},
	"signaling/client":          {ours: "signaling/protocol netcode/printable"},
	"signaling/secret":          {},
	"signaling/internal/limit":  {},
	"signaling/relay":           {ours: "signaling/internal/limit"},
	"signaling/others":          {ours: "signaling/protocol"},
	"signaling/cluster":         {ours: "signaling/protocol"},
	"signaling/internal/node":   {ours: "signaling/protocol signaling/lobby signaling/cluster"},
	"signaling/server":          {ours: "signaling/internal/limit signaling/internal/node signaling/protocol signaling/lobby signaling/relay signaling/others signaling/cluster signaling/secret"},
	"signaling":                 {ours: "netcode/printable signaling/server signaling/relay signaling/others signaling/cluster"},
	"signaling/bench":           {ours: "signaling/protocol signaling/lobby signaling/client"},
	"demo/game":                 {pure: true, ours: "netcode netcode/fixed netcode/plain netcode/cues"},
	"demo/controls":             {},
	"demo/view":                 {ours: "demo/controls demo/game netcode netcode/fixed netcode/cues"},
	"demo/netgraph":             {ours: "netcode nat/punch"},
	"demo/scene":                {ours: "*"},
	"demo/pong":                 {ours: "netcode netcode/plain netcode/rtc"},
	"demo/bot":                  {ours: "netcode netcode/rtc netcode/simnet netcode/plain nat/punch demo/game"},
	"demo/web":                  {ours: "netcode/printable signaling/server signaling/relay"},
	"demo":                      {ours: "*"},
}

// impure is what no pure room imports, and why.
var impure = map[string]string{
	"time": "a clock", "sync": "a lock", "sync/atomic": "a lock", "context": "a clock and a lock",
	"os": "the system", "net": "the network", "syscall": "the system", "syscall/js": "the browser", "runtime": "the system",
	"math/rand": "randomness that is not in the state", "math/rand/v2": "randomness that is not in the state",
	"log": "output", "log/slog": "output", "testing": "tests",
}

// hashes are of crypto what gives the same for the same arguments.
var hashes = []string{"crypto/hmac", "crypto/sha256", "crypto/subtle"}

// stacks are the modules that only some rooms may import.
var stacks = []struct{ prefix, rooms string }{
	{"github.com/pion/webrtc", "nat/punch"},
	{"github.com/pion/ice", "nat/punch"},
	{"github.com/pion/turn", "signaling/relay"},
	{"github.com/pion/stun/v2", "nat"},
	{"github.com/pion/", "nat/punch signaling/relay nat"},
	{"github.com/hajimehoshi/", "demo demo/controls demo/view demo/scene demo/netgraph demo/pong"},
	{"github.com/lxzan/gws", "signaling/bench"},
	{"github.com/coder/websocket", "signaling/client signaling/bench nat/natlab/browsers"},
	{"github.com/chromedp/", "nat/natlab/browsers"},
}

// platforms are the builds whose imports are looked at.
var platforms = [][]string{{"GOOS=linux", "CGO_ENABLED=1"}, {"GOOS=linux", "CGO_ENABLED=0"}, {"GOOS=js", "GOARCH=wasm"}, {"GOOS=windows"}}

type listed struct {
	Dir, ImportPath string
	Doc             string
	GoFiles         []string
	Imports         []string
}

func (l listed) room() string { return strings.TrimPrefix(l.ImportPath, module) }

// list runs go list in the root of the module.
func list(t *testing.T, env []string, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=Dir,ImportPath,Doc,GoFiles,Imports"}, args...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
}

func TestEveryRoomHasItsPlace(t *testing.T) {
	for _, l := range list(t, platforms[0], "./...") {
		if _, ok := rooms[l.room()]; !ok {
			t.Errorf("%s is not in the table of rooms in this file: say what it may touch", l.room())
		}
		if l.Doc == "" {
			t.Errorf("%s has no package comment: say what it is for and what it never does", l.room())
		}
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); !strings.HasPrefix(n, ".") && !slices.Contains([]string{"netcode", "signaling", "demo", "nat", "go.mod", "go.sum", "README.md", "LICENSE"}, n) {
			t.Errorf("%s: the top level is fixed", n)
		}
	}
}

func TestImportsGoDownwards(t *testing.T) {
	for _, env := range platforms {
		for _, l := range list(t, env, "./...") {
			r := rooms[l.room()]
			for _, i := range l.Imports {
				if ours, ok := strings.CutPrefix(i, module); ok && r.ours != "*" && !has(r.ours, ours) {
					t.Errorf("%v: %s imports %s, which its room may not", env, l.room(), ours)
				}
				if ours := strings.TrimPrefix(i, module); rooms[ours].tool && !r.tool {
					t.Errorf("%v: %s imports %s, which is for tests", env, l.room(), ours)
				}
				if why, bad := impure[i]; bad && r.pure && !(r.tool && (i == "testing" || i == "os")) {
					t.Errorf("%v: %s is pure and imports %s: %s", env, l.room(), i, why)
				}
				if r.pure && (strings.HasPrefix(i, "net/") || strings.HasPrefix(i, "os/") || strings.HasPrefix(i, "crypto/") && !slices.Contains(hashes, i)) {
					t.Errorf("%v: %s is pure and imports %s", env, l.room(), i)
				}
				for _, s := range stacks {
					if strings.HasPrefix(i, s.prefix) && !has(s.rooms, l.room()) {
						t.Errorf("%v: %s imports %s; only %s may", env, l.room(), i, s.rooms)
					}
				}
			}
		}
	}
}

func has(list, name string) bool { return slices.Contains(strings.Fields(list), name) }

// What a page loads holds neither pion, whose js build costs 0.4 MB and loses
// order, nor net/http, which costs 2 MB.
func TestTheBrowserCarriesNoSpareStack(t *testing.T) {
	for _, l := range list(t, []string{"GOOS=js", "GOARCH=wasm"}, "-deps", "./netcode/rtc", "./demo", "./demo/pong") {
		if l.ImportPath == "net/http" || strings.HasPrefix(l.ImportPath, "github.com/pion/") || strings.HasPrefix(l.ImportPath, "github.com/coder/") {
			t.Errorf("%s is linked into the page", l.ImportPath)
		}
	}
}

// nat asks by pion/stun/v2, which links a DTLS that scanners flag. Whoever does not
// probe carries neither: a game, its links and the service. See .github/SECURITY.md.
func TestOnlyAProbeLinksOldDTLS(t *testing.T) {
	old := func(env []string, of ...string) (found []string) {
		for _, l := range list(t, env, append([]string{"-deps"}, of...)...) {
			if l.room() == "nat" || strings.HasPrefix(l.ImportPath, "github.com/pion/stun/v2") || strings.HasPrefix(l.ImportPath, "github.com/pion/dtls/v2") {
				found = append(found, l.ImportPath)
			}
		}
		return found
	}
	for _, env := range platforms {
		if found := old(env, "./nat/punch", "./netcode/rtc", "./signaling", "./demo/pong", "./demo/bot", "./demo"); len(found) > 0 {
			t.Errorf("%v: linked without a probe: %s", env, strings.Join(found, ", "))
		}
	}
	if found := old(platforms[0], "./nat"); !slices.Contains(found, "github.com/pion/dtls/v2") {
		t.Errorf("nat links %s: this test looks for nothing, or SECURITY.md is out of date", found)
	}
}

func TestPureRoomsArePure(t *testing.T) {
	fset := token.NewFileSet()
	from := importer.ForCompiler(fset, "source", nil)
	for _, l := range list(t, platforms[1], "./...") {
		if !rooms[l.room()].pure {
			continue
		}
		var files []*ast.File
		for _, name := range l.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(l.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		conf := types.Config{Importer: from, Error: func(error) {}}
		if _, err := conf.Check(l.ImportPath, fset, files, info); err != nil {
			t.Fatalf("%s: %v", l.ImportPath, err)
		}
		for _, f := range files {
			for _, fault := range impurities(f, info) {
				t.Errorf("%s: %s in a pure room", fset.Position(fault.pos), fault.what)
			}
		}
	}
}

type fault struct {
	pos  token.Pos
	what string
}

// impurities are the things in a file that could come out differently on
// another machine, or in another run.
func impurities(f *ast.File, info *types.Info) (faults []fault) {
	is := func(e ast.Expr, want func(types.Type) bool) bool {
		t := info.TypeOf(e)
		return t != nil && want(t.Underlying())
	}
	isMap := func(t types.Type) bool { _, ok := t.(*types.Map); return ok }
	isFloat := func(t types.Type) bool {
		b, ok := t.(*types.Basic)
		return ok && b.Info()&(types.IsFloat|types.IsComplex) != 0
	}
	constant := func(e ast.Expr) bool { return info.Types[e].Value != nil }
	ast.Inspect(f, func(n ast.Node) bool {
		note := func(what string) { faults = append(faults, fault{n.Pos(), what}) }
		switch n := n.(type) {
		case *ast.GoStmt:
			note("a goroutine")
		case *ast.SelectStmt:
			note("a select")
		case *ast.ChanType, *ast.SendStmt:
			note("a channel")
		case *ast.RangeStmt:
			if is(n.X, isMap) {
				note("ranging over a map")
			}
		case *ast.BinaryExpr:
			switch n.Op {
			case token.ADD, token.SUB, token.MUL, token.QUO:
				if is(n, isFloat) && !constant(n) {
					note("float arithmetic")
				}
			}
		case *ast.AssignStmt:
			if n.Tok != token.ASSIGN && n.Tok != token.DEFINE && is(n.Lhs[0], isFloat) {
				note("float arithmetic")
			}
		}
		return true
	})
	return faults
}

// The judge is judged: each impurity is seen in a file that has it.
func TestImpuritiesAreSeen(t *testing.T) {
	for src, want := range map[string]string{
		`go func() {}()`:                        "a goroutine",
		`select {}`:                             "a select",
		`_ = make(chan int)`:                    "a channel",
		`for range map[int]int{} {}`:            "ranging over a map",
		`x := 1.5; _ = x * x`:                   "float arithmetic",
		`x := 1.5; x += 1`:                      "float arithmetic",
		`const c = 1.5 * 2; _ = c; _ = []int{}`: "",
	} {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "x.go", "package x\nfunc f() { "+src+" }", 0)
		if err != nil {
			t.Fatal(err)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
		if _, err := (&types.Config{}).Check("x", fset, []*ast.File{f}, info); err != nil {
			t.Fatal(err)
		}
		got := ""
		if faults := impurities(f, info); len(faults) > 0 {
			got = faults[0].what
		}
		if got != want {
			t.Errorf("%q: %q was seen, want %q", src, got, want)
		}
	}
}

// Platform files come in small pairs that export nothing, so that the API is
// the same everywhere.
func TestPlatformFilesExportNothing(t *testing.T) {
	for _, l := range list(t, platforms[0], "./...") {
		names, err := filepath.Glob(filepath.Join(l.Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !strings.HasSuffix(name, "_js.go") && !strings.HasSuffix(name, "_native.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if exported := exports(d); exported != "" {
					t.Errorf("%s exports %s", name, exported)
				}
			}
		}
	}
}

func exports(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d.Recv.List[0].Type))) {
			return d.Name.Name
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					return s.Name.Name
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() {
						return n.Name
					}
				}
			}
		}
	}
	return ""
}

func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// The core stays small enough to read in an afternoon: lines of code, without
// what explains them.
func TestTheCoreStaysSmall(t *testing.T) {
	const budget = 3781 // of the session in parts, each a type of its own
	lines := 0
	names, _ := filepath.Glob("*.go")
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			if line = bytes.TrimSpace(line); len(line) > 0 && !bytes.HasPrefix(line, []byte("//")) {
				lines++
			}
		}
	}
	if lines == 0 || lines > budget {
		t.Errorf("package netcode has %d lines, the budget is %d", lines, budget)
	}
}
