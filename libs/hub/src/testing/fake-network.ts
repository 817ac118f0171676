import type { Sandbox } from '@crihub/contract';
import type { SandboxId } from '@crihub/kernel';
import type { AttachedNetwork, NetworkStatus, SandboxNetwork } from '../router/handler.ts';

/** A pod network that only remembers who is attached. It outlives the hub, as real plugins do. */
export class FakeNetwork implements SandboxNetwork {
  readonly attached = new Map<SandboxId, string>();
  failNextAttach: Error | undefined;
  failNextDetach: Error | undefined;
  #last = 1;

  async attach({ id }: Sandbox): Promise<AttachedNetwork> {
    const address = `10.1.0.${String((this.#last += 1))}`;
    this.attached.set(id, address); // what fails may have happened half
    if (this.failNextAttach !== undefined) {
      const error = this.failNextAttach;
      this.failNextAttach = undefined;
      throw error;
    }
    return attachedAt(address);
  }

  async recall(id: SandboxId): Promise<AttachedNetwork | undefined> {
    const address = this.attached.get(id);
    return address === undefined ? undefined : attachedAt(address);
  }

  async detach({ id }: Sandbox): Promise<void> {
    if (this.failNextDetach !== undefined) {
      const error = this.failNextDetach;
      this.failNextDetach = undefined;
      throw error;
    }
    this.attached.delete(id);
  }

  async collectGarbage(valid: () => readonly SandboxId[]): Promise<void> {
    for (const id of this.attached.keys()) if (!valid().includes(id)) this.attached.delete(id);
  }

  status(): NetworkStatus {
    return { ready: true };
  }
}

const attachedAt = (address: string): AttachedNetwork => ({
  ips: [address],
  attachment: { interfaceName: 'eth0', addresses: [{ cidr: `${address}/16` }], routes: [] },
});
