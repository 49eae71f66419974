package relay

import (
	"crypto/md5"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// Whoever has had its share of bytes loses its address and gets no other; the others
// go on.
func TestQuota(t *testing.T) {
	var said log
	r := listen(t, Config{Limits: Limits{Total: 20_000}, Log: slog.New(slog.NewJSONHandler(&said, nil))})
	user, credential := r.Mint("ROOM:1")
	c := client(t, r, "udp", user, credential)
	a, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	other, credentialOther := r.Mint("ROOM:2")
	c2 := client(t, r, "udp", other, credentialOther)
	b, err := c2.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := c2.CreatePermission(a.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 1000)
	for begin := time.Now(); r.Relayed() == 2; time.Sleep(time.Millisecond) {
		if _, err := a.WriteTo(packet, b.LocalAddr()); err != nil {
			break
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("%d bytes were relayed of 20,000", r.Bytes())
		}
	}
	if n := r.Bytes(); n < 20_000 || n > 60_000 { // the other one's count, too
		t.Errorf("%d bytes were relayed", n)
	}
	var refusal *stun.TurnError
	if conn, err := client(t, r, "udp", user, credential).Allocate(); err == nil {
		conn.Close()
		t.Error("it has another address")
	} else if !errors.As(err, &refusal) || refusal.ErrorCodeAttr.Code != stun.CodeAllocQuotaReached {
		t.Errorf("it is told %v", err)
	}
	if n := r.Count(Quota); n < 2 {
		t.Errorf("%d quotas were spent", n)
	}
	if conn, err := client(t, r, "udp", other, credentialOther).Allocate(); err == nil { // has heard as much
		conn.Close()
	}
	third, credentialThird := r.Mint("ROOM:3")
	conn, err := client(t, r, "udp", third, credentialThird).Allocate()
	if err != nil {
		t.Fatal("somebody else has none:", err)
	}
	conn.Close()
	await(t, "a line in the log", func() bool { return strings.Contains(said.String(), "its player has had its share") })
	lines := said.String()
	for _, secret := range []string{"ROOM", credential, credentialOther, "127.0.0.1"} {
		if strings.Contains(lines, secret) {
			t.Errorf("the log tells %q: %s", secret, lines)
		}
	}
}

// log is what was logged.
type log struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// teller speaks TURN by hand.
type teller struct {
	t          *testing.T
	conn       net.Conn
	user, pass string
	realm      stun.Realm
	nonce      stun.Nonce
}

func (c *teller) ask(method stun.Method, attributes ...stun.Setter) *stun.Message {
	c.t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attributes...)
	if len(c.nonce) > 0 {
		key := md5.Sum([]byte(c.user + ":" + string(c.realm) + ":" + c.pass))
		setters = append(setters, stun.NewUsername(c.user), c.realm, c.nonce, stun.MessageIntegrity(key[:]))
	}
	m, err := stun.Build(setters...)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write(m.Raw); err != nil {
		c.t.Fatal(err)
	}
	var b [1500]byte
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	n, err := c.conn.Read(b[:])
	if err != nil {
		c.t.Fatal(err)
	}
	answer := &stun.Message{Raw: b[:n]}
	if err := answer.Decode(); err != nil {
		c.t.Fatal(err)
	}
	if c.nonce.GetFrom(answer) == nil {
		_ = c.realm.GetFrom(answer)
	}
	return answer
}

// A match that is relayed outlives the credentials by which it began: a living
// allocation is refreshed with them as often as it likes.
func TestRefreshOutlivesCredentials(t *testing.T) {
	t.Parallel()
	r := listen(t, Config{Valid: time.Second})
	conn, err := net.Dial("udp4", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := &teller{t: t, conn: conn}
	c.user, c.pass = r.Mint("ROOM:1")
	udp := stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}
	lifetime := stun.RawAttribute{Type: stun.AttrLifetime, Value: []byte{0, 0, 2, 88}}
	c.ask(stun.MethodAllocate, udp) // which is told realm and nonce
	if a := c.ask(stun.MethodAllocate, udp); a.Type.Class != stun.ClassSuccessResponse {
		t.Fatal(a)
	}
	for stale := false; !stale; {
		other, err := client(t, r, "udp", c.user, c.pass).Allocate()
		if stale = err != nil; !stale {
			other.Close()
			time.Sleep(100 * time.Millisecond)
		}
	}
	for i := range 3 {
		if a := c.ask(stun.MethodRefresh, lifetime); a.Type.Class != stun.ClassSuccessResponse {
			t.Errorf("refresh %d: %v", i, a)
		}
	}
	stranger := &teller{t: t, conn: conn, realm: c.realm, nonce: c.nonce, user: strings.Replace(c.user, "ROOM:1", "ROOM:2", 1), pass: c.pass}
	if a := stranger.ask(stun.MethodRefresh, lifetime); a.Type.Class == stun.ClassSuccessResponse {
		t.Error("somebody else refreshed it")
	}
}

// What is relayed for a member ends with its place in the room, and its
// credentials are of no more use, whether it has used them before or not.
func TestWhoLeavesIsNotRelayed(t *testing.T) {
	r := listen(t, Config{})
	for _, begun := range []bool{true, false} {
		user, credential := r.Mint("ROOM:1")
		c := client(t, r, "udp", user, credential)
		if begun {
			a, err := c.Allocate()
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
		}
		r.Leave("ROOM:1")
		r.Seen("ROOM:1") // somebody who has not heard so yet
		if r.Relayed() > 0 {
			t.Error("it is still relayed")
		}
		if conn, err := client(t, r, "udp", user, credential).Allocate(); err == nil {
			conn.Close()
			t.Errorf("it has another address; it had one before: %v", begun)
		}
	}
	c := begin(t, r, "ROOM:1")
	r.Leave("ROOM:1")
	if a := c.ask(stun.MethodRefresh); a.Type.Class != stun.ClassErrorResponse { // and not silence, by which it learns late
		t.Error(a)
	}
	user, credential := r.Mint("ROOM:1")
	conn, err := client(t, r, "udp", user, credential).Allocate()
	if err != nil {
		t.Fatal("who is in the room again has none:", err)
	}
	until, who, _ := strings.Cut(user, ":")
	n, err := strconv.Atoi(until)
	if err != nil {
		t.Fatal(err)
	}
	before := strconv.Itoa(n-5) + ":" + who // what the one who left was given 5 s ago
	if conn, err := client(t, r, "udp", before, r.sign(before)).Allocate(); err == nil {
		conn.Close()
		t.Error("who left has an address of the one who came after it")
	}
	conn.Close()
}

// Whoever is not heard of for a while is not relayed any more: its connection may
// have ended in silence, or it may never have had one when it began.
func TestWhoIsNotHeardOfIsNotRelayed(t *testing.T) {
	r := listen(t, Config{})
	user, credential := r.Mint("ROOM:1")
	a, err := client(t, r, "udp", user, credential).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	r.mu.Lock()
	m := r.users["ROOM:1"]
	r.mu.Unlock()
	age := func() { // as long as it may be silent, and a bit
		r.mu.Lock()
		m.until = m.until.Add(-r.cfg.Stay)
		r.mu.Unlock()
	}
	for i := range 10 {
		age()
		if i%2 == 0 {
			r.Mint("ROOM:1")
		} else {
			r.Seen("ROOM:1")
		}
		if r.late(m); r.Relayed() != 1 {
			t.Fatal("its address is gone, though it was heard of")
		}
	}
	age()
	r.Hold()
	if r.late(m); r.Relayed() != 1 {
		t.Error("its address is gone, though nobody could hear of it")
	}
	r.held = false
	if r.late(m); r.Relayed() != 0 {
		t.Error("it is relayed though nobody has heard of it")
	}

	brief := listen(t, Config{Stay: 50 * time.Millisecond})
	user, credential = brief.Mint("ROOM:1")
	b, err := client(t, brief, "udp", user, credential).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for begin := time.Now(); brief.Relayed() > 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("it is relayed for ever")
		}
	}
}

// Those who left are remembered while their credentials are good, and no longer.
func TestWhoLeftIsForgotten(t *testing.T) {
	r := listen(t, Config{})
	for i := range maxMembers + 100 {
		r.Leave(strconv.Itoa(i))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.users); n != maxMembers {
		t.Errorf("%d are remembered", n)
	}
	for _, m := range r.users {
		m.last = m.last.Add(-r.cfg.Valid - 2*time.Second)
	}
	r.swept = time.Time{}
	if r.member("new"); len(r.users) != 1 {
		t.Errorf("%d are remembered", len(r.users))
	}
}
