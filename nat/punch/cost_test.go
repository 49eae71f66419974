//go:build !js

package punch

import (
	"runtime"
	"testing"

	"github.com/pion/webrtc/v4"
)

// An end of an open link costs about 55 % of the memory of one by pion's defaults
// with the same two channels, and two thirds of the goroutines. Of those, four are
// SRTP's, which pion's PeerConnection starts whether there is media or not and
// refuses to connect without. Sharing one socket among links (pion's UDPMux) saves
// none: it has a goroutine for each link and candidate, and one more to wait for
// its end, 23 in all where sockets of a link's own make 20.
func TestCostOfALink(t *testing.T) {
	const pairs = 8
	cost := func(open func() (end func())) (bytes, goroutines int) {
		open()() // what is made once is nobody's
		runtime.GC()
		var before, after runtime.MemStats
		were := runtime.NumGoroutine()
		runtime.ReadMemStats(&before)
		var ends []func()
		for range pairs {
			ends = append(ends, open())
		}
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		goroutines = (runtime.NumGoroutine() - were) / (2 * pairs)
		for _, end := range ends {
			end()
		}
		used := func(m *runtime.MemStats) int { return int(m.HeapAlloc + m.StackInuse) }
		return (used(&after) - used(&before)) / (2 * pairs), goroutines
	}
	ourBytes, our := cost(func() func() {
		e := meet(t, [2]Options{}, nil)
		e.open()
		return func() {
			_ = e.link[0].Close()
			_ = e.link[1].Close()
		}
	})
	theirBytes, their := cost(func() func() { return plainPair(t) })
	t.Logf("an end of a link: %d KiB and %d goroutines; by pion's defaults: %d KiB and %d goroutines: %d %% and %d %%",
		ourBytes>>10, our, theirBytes>>10, their, 100*ourBytes/theirBytes, 100*our/their)
	if !raced && 100*ourBytes > 60*theirBytes { // A name resolver or an idle buffer of 64 KiB would be more.
		t.Errorf("%d bytes are more than 60 %% of %d", ourBytes, theirBytes)
	}
	if 100*our > 70*their {
		t.Errorf("%d goroutines are more than 70 %% of %d", our, their)
	}
}

// plainPair links two ends by pion as it is.
func plainPair(t *testing.T) (end func()) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var pcs [2]*webrtc.PeerConnection
	opened := make(chan struct{}, 4)
	for i := range pcs {
		pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		must(err)
		pcs[i] = pc
		for id, ordered := range []bool{false, true} {
			yes, n, none := true, uint16(id), uint16(0)
			o := webrtc.DataChannelInit{Negotiated: &yes, ID: &n, Ordered: &ordered}
			if !ordered {
				o.MaxRetransmits = &none
			}
			c, err := pc.CreateDataChannel("channel", &o)
			must(err)
			c.OnOpen(func() { opened <- struct{}{} })
			c.OnMessage(func(webrtc.DataChannelMessage) {})
		}
	}
	offer, err := pcs[0].CreateOffer(nil)
	must(err)
	gathered := webrtc.GatheringCompletePromise(pcs[0])
	must(pcs[0].SetLocalDescription(offer))
	<-gathered
	must(pcs[1].SetRemoteDescription(*pcs[0].LocalDescription()))
	answer, err := pcs[1].CreateAnswer(nil)
	must(err)
	gathered = webrtc.GatheringCompletePromise(pcs[1])
	must(pcs[1].SetLocalDescription(answer))
	<-gathered
	must(pcs[0].SetRemoteDescription(*pcs[1].LocalDescription()))
	for range 4 {
		<-opened
	}
	return func() {
		for _, pc := range pcs {
			_ = pc.GracefulClose()
		}
	}
}
