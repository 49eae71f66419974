package main

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
)

// news is what open pages want to know: which build there is, and why the
// newest one failed.
type news struct {
	Build  string `json:"build"`
	Broken string `json:"broken,omitempty"`
}

// live answers pages, which ask again and again. They do not stay connected for
// it: a browser holds only six connections to one server over all its tabs.
type live struct{ latest atomic.Pointer[news] }

func (l *live) publish(n news) { l.latest.Store(&n) }

func (l *live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(l.latest.Load())
}
