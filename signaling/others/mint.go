package others

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

const (
	maxAnswer  = 32 << 10 // bytes
	defaultTTL = time.Hour
	maxTTL     = 7 * 24 * time.Hour
)

// How patient this is with whoever mints.
var (
	patience   = 10 * time.Second // for one answer
	firstRetry = time.Second      // after one that was of no use; then twice as long each time
	lastRetry  = 5 * time.Minute
)

// renew keeps a relay's credentials fresh: it asks anew at half of their life. What
// was minted is told until it is over, however often whoever mints fails meanwhile.
func (r *Relays) renew(k *kept) {
	retry := firstRetry
	for r.ctx.Err() == nil {
		wait := retry
		began := time.Now()
		a, err := k.mint(r.ctx)
		switch {
		case r.ctx.Err() != nil:
			return
		case err != nil:
			r.failed.Add(1)
			r.log.Warn("no credentials for a relay of others", "relay", k.name(), "why", err, "again in", wait, "told until", k.end(began))
			wait += rand.N(wait / 4)
			retry = min(2*retry, lastRetry)
		default:
			r.minted.Add(1)
			k.mu.Lock()
			k.servers, k.until = a.servers, began.Add(a.ttl)
			k.mu.Unlock()
			r.news.Store(time.Now().UnixNano())
			retry, wait = firstRetry, max(a.ttl/2, firstRetry)
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-r.ctx.Done():
			t.Stop()
		}
	}
}

// end says until when players are told of what there is.
func (k *kept) end(now time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.After(k.until) {
		return "not at all"
	}
	return k.until.UTC().Format(time.RFC3339)
}

// mint asks once. An error holds nothing of what was sent or has come: there are
// secrets in both.
func (k *kept) mint(ctx context.Context) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var b []byte
	if k.Mint != "" {
		b, err = k.fetch(ctx)
	} else {
		b, err = k.run(ctx)
	}
	if err != nil {
		return a, err
	}
	return k.understand(b)
}

var errLong = fmt.Errorf("an answer of more than %d bytes", maxAnswer)

func (k *kept) fetch(ctx context.Context) ([]byte, error) {
	method, kind := http.MethodGet, ""
	if k.Body != "" {
		method, kind = http.MethodPost, "application/x-www-form-urlencoded"
		if strings.HasPrefix(k.Body, "{") {
			kind = "application/json"
		}
	}
	q, err := http.NewRequestWithContext(ctx, method, k.Mint, strings.NewReader(k.Body))
	if err != nil {
		return nil, errors.New("no URL that can be asked")
	}
	if kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	q.Header.Set("Accept", "application/json")
	switch {
	case k.Token != "":
		q.Header.Set("Authorization", "Bearer "+k.Token)
	case k.User != "":
		q.SetBasicAuth(k.User, k.Password)
	}
	res, err := client.Do(q)
	if err != nil {
		if told := new(url.Error); errors.As(err, &told) {
			err = told.Err // without the URL, which may have a key in it
		}
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, fmt.Errorf("HTTP status %d", res.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		err = errLong
	}
	return b, err
}

// client goes where it was told to and nowhere else, and keeps no connection: the
// next question is long after.
var client = &http.Client{
	Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, ForceAttemptHTTP2: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// run has a command print the answer. It is killed, with what it has started, when it
// takes too long or prints too much.
func (k *kept) run(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, k.Run[0], k.Run[1:]...)
	group(cmd)
	out := bounded{over: func() { cancel(errLong) }}
	cmd.Stdout = &out
	cmd.WaitDelay = time.Second // for what has left its group, and holds its output
	err := cmd.Run()
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return nil, fmt.Errorf("no answer in %v", patience)
	} else if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return out.b, err
}

// bounded keeps at most maxAnswer bytes. It is no bytes.Buffer, which has ReadFrom
// without a bound.
type bounded struct {
	b    []byte
	over func() // called when more is written
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(b.b)+len(p) > maxAnswer {
		b.over()
		return 0, errLong
	}
	b.b = append(b.b, p...)
	return len(p), nil
}
