import type { SandboxId } from '@crihub/kernel';
import {
  type JsonRecords,
  type Monitored,
  type PauseProcesses,
  storedProcess,
} from '@crihub/service-oci-containers';
import { z } from 'zod';

/** The process of a guest whose PID namespace the pod's containers share. */
export const pauseRecord = z.object({ bootId: z.string(), init: storedProcess, monitor: storedProcess });
export type PauseRecord = z.infer<typeof pauseRecord>;

/** The pause process of one guest, if it has one. */
export class GuestPause implements PauseProcesses {
  readonly #id: SandboxId;
  readonly #bootId: string;
  readonly #records: Pick<JsonRecords<SandboxId, PauseRecord>, 'get'>;

  constructor(
    { sandboxId, bootId }: { readonly sandboxId: SandboxId; readonly bootId: string },
    { records }: { readonly records: Pick<JsonRecords<SandboxId, PauseRecord>, 'get'> },
  ) {
    this.#id = sandboxId;
    this.#bootId = bootId;
    this.#records = records;
  }

  get current(): PauseRecord | undefined {
    const record = this.#records.get(this.#id);
    return record?.bootId === this.#bootId ? record : undefined;
  }

  has(id: SandboxId): boolean {
    return id === this.#id && this.current !== undefined;
  }

  monitored(): readonly Monitored[] {
    const { current } = this;
    return current === undefined ? [] : [{ id: this.#id, ...current }];
  }
}
