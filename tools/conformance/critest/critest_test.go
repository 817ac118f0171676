// Package critest is critest as a test binary of our own: cri-tools ships its specs as packages, and its
// command as a test that other modules can't build.
package critest

import (
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"
	"sigs.k8s.io/cri-tools/pkg/framework"
	_ "sigs.k8s.io/cri-tools/pkg/validate"
)

func init() {
	framework.RegisterFlags()
}

func TestCRI(t *testing.T) {
	gomega.RegisterFailHandler(ginkgo.Fail)
	ginkgo.RunSpecs(t, "CRI validation")
}
