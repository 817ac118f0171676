//go:build tools

// Package containerd pins the last containerd of 1.x and its shim, which are tested beside those of the distribution.
package containerd

import (
	_ "github.com/containerd/containerd/cmd/containerd"
	_ "github.com/containerd/containerd/cmd/containerd-shim-runc-v2"
)
