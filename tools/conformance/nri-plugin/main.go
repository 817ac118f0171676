// A plugin that adjusts containers as the annotations of their pods say. It is made with the stub that other
// plugins are made with.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/containerd/nri/pkg/api"
	"github.com/containerd/nri/pkg/stub"
)

type plugin struct{}

func (plugin) CreateContainer(_ context.Context, pod *api.PodSandbox, _ *api.Container) (*api.ContainerAdjustment, []*api.ContainerUpdate, error) {
	adjust := &api.ContainerAdjustment{}
	wish := pod.GetAnnotations()
	if reason, ok := wish["refuse"]; ok {
		return nil, nil, fmt.Errorf("%s", reason)
	}
	if name, value, ok := strings.Cut(wish["env"], "="); ok {
		adjust.AddEnv(name, value)
	}
	if source, destination, ok := strings.Cut(wish["mount"], ":"); ok {
		adjust.AddMount(&api.Mount{Source: source, Destination: destination, Type: "bind", Options: []string{"rbind", "ro"}})
	}
	if limit, err := strconv.ParseInt(wish["pids"], 10, 64); err == nil {
		adjust.SetLinuxPidLimits(limit)
	}
	if path, ok := wish["hook"]; ok {
		adjust.AddHooks(&api.Hooks{Poststop: []*api.Hook{{Path: path}}})
	}
	return adjust, nil, nil
}

// UpdateContainer doubles the CPU shares that are asked for.
func (plugin) UpdateContainer(_ context.Context, _ *api.PodSandbox, container *api.Container, resources *api.LinuxResources) ([]*api.ContainerUpdate, error) {
	shares := resources.GetCpu().GetShares()
	if shares == nil {
		return nil, nil
	}
	update := &api.ContainerUpdate{}
	update.SetContainerId(container.GetId())
	update.SetLinuxCPUShares(2 * shares.GetValue())
	return []*api.ContainerUpdate{update}, nil
}

// usage: nri-plugin SOCKET
func main() {
	made, err := stub.New(plugin{}, stub.WithPluginName("adjuster"), stub.WithPluginIdx("10"), stub.WithSocketPath(os.Args[1]))
	if err == nil {
		err = made.Run(context.Background())
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
