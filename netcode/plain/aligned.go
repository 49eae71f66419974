//go:build !(amd64 || arm64 || wasm || 386 || ppc64le || loong64)

package plain

var unaligned = false
