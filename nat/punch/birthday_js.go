package punch

// birthdayRound is none in the browser, where a page has no sockets.
type birthdayRound struct{}

// socket is none either.
type socket struct{}

func newBirthdayRound(l *Link, number uint64, _ secret) *birthdayRound {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.carry(&signal{Birthday: &birthdayWord{Round: number, None: true}})
	return &birthdayRound{}
}

func (*birthdayRound) hear(birthdayWord) {}
func (*birthdayRound) close()            {}
func (*birthdayRound) over() bool        { return true }
func (*birthdayRound) met() *socket      { return nil }
func (*birthdayRound) won() *socket      { return nil }
func (*socket) candidate() candidate     { return candidate{} }
