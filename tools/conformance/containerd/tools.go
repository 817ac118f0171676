//go:build tools

// Package containerd pins the newest containerd and its shim, which are tested beside those of the distribution.
package containerd

import (
	_ "github.com/containerd/containerd/v2/cmd/containerd"
	_ "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"
)
