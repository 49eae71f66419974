package main

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// listen takes the address, or says in one line why it cannot.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) || err != nil && isInUse(err) {
		_, port, _ := net.SplitHostPort(addr)
		return nil, fmt.Errorf("port %s is in use (another web?): stop what listens there, or choose another with -addr, such as -addr 127.0.0.1:0 for any free one", port)
	}
	if err != nil {
		return nil, fmt.Errorf("-addr %s: %w", addr, err)
	}
	return l, nil
}

// isInUse knows the number by which Windows says that an address is in use.
func isInUse(err error) bool {
	var no syscall.Errno
	return runtime.GOOS == "windows" && errors.As(err, &no) && no == 10048
}

// addresses are the URLs of a listener, without the last slash: first the one
// for this machine, then one for each interface by which others come.
func addresses(a net.Addr) []string {
	tcp := a.(*net.TCPAddr)
	port := strconv.Itoa(tcp.Port)
	if !tcp.IP.IsUnspecified() {
		return []string{"http://" + net.JoinHostPort(tcp.IP.String(), port)}
	}
	urls := []string{"http://" + net.JoinHostPort("127.0.0.1", port)}
	var six []string
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		n, ok := a.(*net.IPNet)
		if !ok || !n.IP.IsGlobalUnicast() {
			continue
		}
		u := "http://" + net.JoinHostPort(n.IP.String(), port)
		if n.IP.To4() != nil {
			urls = append(urls, u)
		} else {
			six = append(six, u)
		}
	}
	return append(urls, six...)
}

// open shows a page in the browser.
func open(url string) error {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
