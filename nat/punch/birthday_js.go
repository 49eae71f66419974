package punch

// hunt is none in the browser, where a page has no sockets.
type hunt struct{}

// socket is none either.
type socket struct{}

func newHunt(l *Link, round uint64, _ secret, _ bool) *hunt {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.carry(&signal{Luck: &luck{Round: round, None: true}})
	return &hunt{}
}

func (*hunt) hear(luck)              {}
func (*hunt) close()                 {}
func (*hunt) over() bool             { return true }
func (*hunt) won() *socket           { return nil }
func (*socket) candidate() candidate { return candidate{} }
