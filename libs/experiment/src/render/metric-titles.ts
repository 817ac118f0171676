import type { Metric } from '../compare/index.ts';

interface Title {
  readonly title: string;
  readonly meaning: string;
}

const TITLES: Readonly<Record<Metric['name'], Title>> = {
  queue: { title: 'Queue', meaning: "Waiting for a place among the handler's creations." },
  prepare: { title: 'Prepare', meaning: 'Making the namespaces, or what the network attaches to.' },
  network: { title: 'Network', meaning: 'The network plugins attach the pod.' },
  boot: { title: 'Boot', meaning: 'A virtual machine, until its kernel runs a program.' },
  restore: { title: 'Restore', meaning: 'A virtual machine that goes on where a booted one was saved.' },
  ssh: { title: 'SSH', meaning: 'From there until the guest takes commands.' },
  pool: { title: 'Pool', meaning: "A virtual machine that was kept ready becomes the pod's." },
  sandbox_start: { title: 'Sandbox start', meaning: "The backend's start of the pod, boot included." },
  sandbox_create: { title: 'Pod creation', meaning: 'All of RunPodSandbox but the queue.' },
  image: { title: 'Image', meaning: 'Pulling an image for the pod.' },
  image_copy: { title: 'Image copy', meaning: "Bringing an image into a store of the backend's own." },
  rootfs: { title: 'Root filesystem', meaning: 'Making the root filesystem of a container.' },
  container_create: { title: 'Container creation', meaning: 'The backend makes a container.' },
  container_start: { title: 'Container start', meaning: 'The backend starts its program.' },
  exec: { title: 'Exec', meaning: 'A further command in a container, until it has ended.' },
  container_stop: { title: 'Container stop', meaning: 'From the signal until the container is seen to end.' },
  sandbox_stop: { title: 'Pod stop', meaning: 'The backend stops the pod, its containers having ended.' },
  network_detach: { title: 'Network detachment', meaning: 'The network plugins let the pod go.' },
  overhead_memory: {
    title: 'Overhead: memory',
    meaning: 'Of what serves the pod on the host: monitors, shims, its part of an engine, a virtual machine.',
  },
  overhead_cpu: { title: 'Overhead: CPU', meaning: 'The same, while the pod runs.' },
  workload_memory: {
    title: 'Workload: memory',
    meaning: 'Working set of the containers; of those in a virtual machine as its guest sees it.',
  },
  workload_cpu: { title: 'Workload: CPU', meaning: 'Of the containers, while the pod runs.' },
};

export const titleOf = (name: Metric['name']): Title => TITLES[name];
