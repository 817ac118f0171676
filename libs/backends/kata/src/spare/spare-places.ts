import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalExecutor } from '@crihub/service-oci-containers';
import { PodShare } from '../guest/pod-share.ts';
import type { Launcher } from '../machine/launcher.ts';
import { machinePlace, type MachinePlace } from '../machine/machine-place.ts';

export interface SparePlacesOptions {
  readonly directory: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}

export interface SparePlacesDependencies {
  readonly launcher: Launcher;
  readonly executor: LocalExecutor;
}

/** What a machine without a pod has: the same as one with a pod, elsewhere. */
export interface SparePlace extends MachinePlace {
  readonly directory: string;
  readonly cgroup: string;
}

const NAME_BYTES = 8;
const CLOSE_MS = 10_000;

/** The places of machines that are no pod's yet. None outlives its daemon. */
export class SparePlaces {
  readonly #options: SparePlacesOptions;
  readonly #dependencies: SparePlacesDependencies;

  constructor(options: SparePlacesOptions, dependencies: SparePlacesDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Ends what an earlier daemon has left. */
  async clear(): Promise<void> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o711 });
    const names = await readdir(directory);
    await Promise.all(names.map(async (name) => this.close(this.#placeOf(name))));
  }

  async open(): Promise<SparePlace> {
    const place = this.#placeOf(randomBytes(NAME_BYTES).toString('hex'));
    await new PodShare(place.shares).open();
    return place;
  }

  /** Ends the machine and removes all of its place. Repeatable. */
  async close(place: SparePlace): Promise<void> {
    await this.#dependencies.launcher.remove(place.files);
    await new PodShare(place.shares).remove();
    await this.leave(place);
    await rm(place.directory, { recursive: true, force: true });
  }

  /** Removes the cgroup of a machine that has moved out. Repeatable. */
  async leave({ cgroup }: SparePlace): Promise<void> {
    await this.#dependencies.executor.cgroups.remove(cgroup, AbortSignal.timeout(CLOSE_MS));
  }

  #placeOf(name: string): SparePlace {
    const directory = join(this.#options.directory, name);
    const parent = this.#options.cgroupDriver === 'systemd' ? '/crihub.slice' : '/crihub';
    return {
      directory,
      ...machinePlace(directory),
      cgroup: `${parent}/crihub-machine-${name}`,
    };
  }
}
