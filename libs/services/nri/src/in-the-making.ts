import type { ContainerView, PodView } from './model.ts';

/**
 * Pods and containers that plugins have been asked about, and that the runtime does not list yet. A plugin that joins
 * meanwhile learns of them here.
 */
export class InTheMaking {
  readonly #pods = new Map<string, PodView>();
  readonly #containers = new Map<string, ContainerView>();

  addPod(pod: PodView): void {
    this.#pods.set(pod.sandbox.id, pod);
  }

  addContainer(view: ContainerView): void {
    this.#containers.set(view.container.id, view);
  }

  delete(id: string): void {
    this.#pods.delete(id);
    this.#containers.delete(id);
  }

  /** What exists together with what is in the making. */
  with(snapshot: { readonly pods: readonly PodView[]; readonly containers: readonly ContainerView[] }): {
    readonly pods: readonly PodView[];
    readonly containers: readonly ContainerView[];
  } {
    const pods = new Map([...this.#pods, ...snapshot.pods.map((pod) => [pod.sandbox.id, pod] as const)]);
    const containers = new Map([
      ...this.#containers,
      ...snapshot.containers.map((view) => [view.container.id, view] as const),
    ]);
    return { pods: [...pods.values()], containers: [...containers.values()] };
  }
}
