//go:build !js

package netcode_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/punchback/punchback/netcode"
	"github.com/punchback/punchback/netcode/netcodetest"
)

// faults are mistakes, each a line of the engine that is replaced, and the test that
// sees it.
var faults = []struct{ name, file, line, instead, test string }{
	{"blindCompare", "timeline.go", "if q.put(v, command, t.now) {", "if q.put(v, command, t.now) && !fault(`blindCompare`) {", "TestPlantedFault"},
	{"lostAck", "speak.go", "if troubled || !s.rests(p) {", "if (troubled || !s.rests(p)) && (!fault(`lostAck`) || p.ack != s.local.mine) {", "TestPlantedFault"},
	{"confirmEarly", "session.go", "to = min(to, p.reported)", "if !fault(`confirmEarly`) {\nto = min(to, p.reported)\n}", "TestPlantedFault"},
	{"thawEarly", "ballot.go", "b.frozen |= suspects | b.gone", "b.frozen |= suspects | b.gone\nif fault(`thawEarly`) {\nb.frozen = suspects\n}", "TestPlantedFault TestBallotModelSeesFaults"},
	{"thawGone", "ballot.go", "b.frozen |= suspects | b.gone", "b.frozen |= suspects | b.gone\nif fault(`thawGone`) {\nb.frozen &^= b.gone\n}", "TestPlantedFault"},
	{"overPledge", "membership.go", "if p.leaving && (!frozen ||", "if p.leaving && (fault(`overPledge`) || !frozen ||", "TestPlantedFault"},
	{"otherView", "hear.go", "if m.view == s.members.view {", "if m.view == s.members.view || fault(`otherView`) {", "TestPlantedFault"},
	{"takeBack", "ledger.go", "for l.confirmed < to {", "if fault(`takeBack`) && t.now%64 == 0 && l.confirmed > 0 {\nl.confirmed--\n}\nfor l.confirmed < to {", "TestPlantedFault"},
	{"cutLow", "ballot.go", "own.accepted, own.value = own.promised, value\n", "if newest == 0 && fault(`cutLow`) {\nfor m := range value.cuts {\nvalue.cuts[m] = max(value.cuts[m]-1, 0)\n}\n}\nown.accepted, own.value = own.promised, value\n", "TestPlantedFault TestBallotModelSeesFaults"},
	{"hashPredicted", "ledger.go", "l.write(l.confirmed, t.states.at(l.confirmed), t)", "l.write(l.confirmed, t.states.at(map[bool]Frame{false: l.confirmed, true: t.now}[fault(`hashPredicted`)]), t)", "TestPlantedFault"},
	{"doubleCommand", "timeline.go", "q.use(f, &t.in[p])", "if q.use(f, &t.in[p]); fault(`doubleCommand`) && f > q.head {\nt.in[p].Command = q.command(q.head)\n}", "TestPlantedFault"},
	{"repeatCommand", "seats.go", "seat.orders.pop(s.rate)", "if !fault(`repeatCommand`) {\nseat.orders.pop(s.rate)\n}", "TestPlantedFault"},
	{"skipRepairSave", "timeline.go", "t.states.save(t.game, f, confirmed, markEvery)", "if !fault(`skipRepairSave`) || f >= t.now {\nt.states.save(t.game, f, confirmed, markEvery)\n}", "TestPlantedFault"},
	{"keepWrong", "snapshot.go", "if x := &s.slots[i]; x.frame > f {", "if x := &s.slots[i]; x.frame > f && !fault(`keepWrong`) {", "TestPlantedFault TestSparseTimeline"},
	{"dropMark", "snapshot.go", "case must && f > base && f%markEvery != 0 &&", "case must && f > base && (f%markEvery != 0 || fault(`dropMark`)) &&", "TestSparseTimeline"},
	{"forgetAccepted", "ballot.go", "if v.accepted > newest {", "if v.accepted > newest && !fault(`forgetAccepted`) {", "TestAcceptedValueStands TestBallotModelSeesFaults"},
	{"neverAccept", "ballot.go", "if own.promised == own.accepted {", "if own.promised == own.accepted || fault(`neverAccept`) {", "TestBallotModelSeesFaults"},
}

// rare are the matches that show the faults which need rare circumstances. Should one no
// longer do, -long finds another.
var rare = map[string]struct {
	machines int
	storm    bool
	first    int // match to begin with
	matches  int
}{
	"confirmEarly": {3, false, 0, 20},
	"thawEarly":    {4, true, 15409, 1},
	"thawGone":     {4, true, 2400, 20},
	"overPledge":   {4, true, 2400, 20},
	"otherView":    {3, true, 9640, 1},
	"cutLow":       {3, true, 0, 40},
}

// The laws and the model of the ballot see each of these mistakes. They are planted in
// a build of these tests alone, of which each run makes one.
func TestFaultsAreSeen(t *testing.T) {
	if netcode.Planted() != "" {
		t.Skip("this is that build")
	}
	if slow {
		t.Skip("that build is one without -race")
	}
	dir := t.TempDir()
	sources := map[string]string{"planted.go": "package netcode\n\nimport \"flag\"\n\nvar planted_ = flag.String(\"planted\", \"\", \"make this mistake\")\n\nfunc fault(name string) bool { return *planted_ == name }\n"}
	for _, f := range faults {
		if sources[f.file] == "" {
			b, err := os.ReadFile(f.file)
			if err != nil {
				t.Fatal(err)
			}
			sources[f.file] = string(b)
		}
		if n := strings.Count(sources[f.file], f.line); n != 1 {
			t.Fatalf("%s: %q is %d times in %s, must be there once", f.name, f.line, n, f.file)
		}
		sources[f.file] = strings.Replace(sources[f.file], f.line, f.instead, 1)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for name, source := range sources {
		overlay.Replace[filepath.Join(here, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "planted.test.exe")
	build := exec.Command("go", "test", "-c", "-overlay", filepath.Join(dir, "overlay.json"), "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, f := range faults {
		for _, test := range strings.Fields(f.test) {
			t.Run(f.name+"/"+test, func(t *testing.T) {
				t.Parallel()
				args := []string{"-test.run", "^" + test + "$", "-planted", f.name}
				if *netcode.Long {
					args = append(args, "-long")
				}
				out, err := exec.Command(bin, args...).CombinedOutput()
				if seen := err != nil && strings.Contains(string(out), "--- FAIL: "+test+" "); !seen {
					t.Errorf("it is not seen: %v\n%s", err, out)
				}
			})
		}
	}
}

// TestPlantedFault fails in matches that show the fault that was planted.
func TestPlantedFault(t *testing.T) {
	fault := netcode.Planted()
	if fault == "" {
		t.Skip("none was")
	}
	r, ok := rare[fault]
	if !ok {
		r.machines, r.matches = 2, 20
	}
	for i := r.first; !t.Failed() && (i < r.first+r.matches || *netcode.Long && i <= r.first+100_000); i++ {
		netcodetest.Converge(t, newLawful, r.machines, &netcodetest.Options{Machines: r.machines, First: i, Matches: 1, Storm: r.storm})
	}
	if !t.Failed() {
		fmt.Println("nothing is seen; look for other matches with -long")
	}
}
