//go:build tools

// Package runc pins the newest release of runc, which can do what the one of a stable distribution can't yet.
// It is a module of its own, so that its dependencies don't move those of critest.
package runc

import _ "github.com/opencontainers/runc"
