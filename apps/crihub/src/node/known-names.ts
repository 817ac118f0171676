import type { ContainerEventResponse, PodSandboxStatus } from '@crihub/wire/cri';

/** What an id is, and what it is called. */
export interface Name {
  readonly kind: 'pod' | 'container';
  readonly namespace: string;
  readonly pod: string;
  /** Empty for a pod. */
  readonly container: string;
}

/** Names by id: the event of a deletion comes when the daemon has them no more. */
export class KnownNames {
  readonly #names = new Map<string, Name>();

  add(id: string, name: Name): void {
    this.#names.set(id, name);
  }

  /** Learns from an event. @returns what it is about, if that was ever told. */
  follow(event: ContainerEventResponse, isDeletion: boolean): Name | undefined {
    if (event.podSandboxStatus !== undefined) this.#learn(event.podSandboxStatus, event);
    const name = this.#names.get(event.containerId);
    if (isDeletion) this.#names.delete(event.containerId);
    return name;
  }

  #learn({ id, metadata }: PodSandboxStatus, { containersStatuses }: ContainerEventResponse): void {
    const [namespace, pod] = [metadata?.namespace ?? '', metadata?.name ?? ''];
    this.add(id, { kind: 'pod', namespace, pod, container: '' });
    for (const status of containersStatuses) {
      this.add(status.id, { kind: 'container', namespace, pod, container: status.metadata?.name ?? '' });
    }
  }
}
