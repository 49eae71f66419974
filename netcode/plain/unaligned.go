//go:build amd64 || arm64 || wasm || 386 || ppc64le || loong64

package plain

// unaligned tells that this machine moves a word at any address as fast as
// another. Elsewhere runs are moved by copy, which is right everywhere.
var unaligned = true
