//go:build tools

// Package conformance pins the commands that the tests need to the versions of this module.
package conformance

import _ "sigs.k8s.io/cri-tools/cmd/crictl"
