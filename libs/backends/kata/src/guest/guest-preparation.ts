import type { Container } from '@crihub/contract';
import { RuntimeError } from '@crihub/kernel';
import type { OciSpec } from '@crihub/service-oci';
import type { CreationInput, Preparation } from '@crihub/service-oci-containers';
import { type GuestLayout, lowerIn } from './guest-layout.ts';
import type { GuestShell } from './guest-shell.ts';
import { type GuestSpecs, refuseHostOnly } from './guest-specs.ts';
import type { SharedDirectory } from './guest.ts';
import type { GuestView } from './guest-view.ts';
import { quoted } from './shell-words.ts';

export interface GuestPreparationDependencies {
  readonly shell: Pick<GuestShell, 'run'>;
  readonly layout: GuestLayout;
  readonly files: SharedDirectory;
  readonly view: Pick<GuestView, 'add' | 'removeContainer'>;
  readonly specs: GuestSpecs;
}

/**
 * What a container in a guest stands on: its files are shown to the guest, which lays a writable layer in
 * memory over the root filesystem, since sockets and FIFOs can't be made in what is shared.
 */
export class GuestPreparation implements Preparation {
  readonly #dependencies: GuestPreparationDependencies;

  constructor(dependencies: GuestPreparationDependencies) {
    this.#dependencies = dependencies;
  }

  logPathOf(container: Container): string {
    return this.#dependencies.specs.logPathOf(container);
  }

  async prepare(input: Omit<CreationInput, 'joinFiles'>, signal: AbortSignal): Promise<OciSpec> {
    const { view, specs } = this.#dependencies;
    refuseHostOnly(input.container);
    await view.add(input.container, signal);
    signal.throwIfAborted();
    await this.#mountRoot(input.container);
    return await specs.specOf(input);
  }

  async undo({ id }: Container, signal: AbortSignal): Promise<void> {
    const { shell, layout, view } = this.#dependencies;
    await this.#do(
      'unmount the root filesystem of',
      id,
      unmountScript(layout.root(id), layout.rootfs(id)),
      shell,
    );
    await view.removeContainer(id, signal);
  }

  async #mountRoot({ id }: Container): Promise<void> {
    const { shell, layout, files } = this.#dependencies;
    const [root, rootfs, lower] = [layout.root(id), layout.rootfs(id), lowerIn(files, id).guest];
    const script = `${unmountScript(root, rootfs)}; ${mountScript(layout.roots, root, rootfs, lower)}`;
    await this.#do('mount the root filesystem of', id, script, shell);
  }

  async #do(operation: string, id: string, script: string, shell: Pick<GuestShell, 'run'>): Promise<void> {
    const { status, output } = await shell.run(script);
    if (status === 0) return;
    const message = `the guest could not ${operation} container ${id}: ${output.trim().slice(0, 500)}`;
    throw new RuntimeError('Internal', message, { operation: 'create container', id });
  }
}

/**
 * All writable layers lie in one file system of a third of the machine's memory. Together they can't take what the
 * guest itself needs; that one can fill it for the others is as on a node's disk.
 */
function mountScript(roots: string, root: string, rootfs: string, lower: string): string {
  const [all, upper, work, merged, below] = [roots, `${root}/upper`, `${root}/work`, rootfs, lower].map(
    quoted,
  );
  const options = quoted(`lowerdir=${lower},upperdir=${root}/upper,workdir=${root}/work`);
  return (
    `mkdir -p ${all} && { grep -q ${quoted(` ${roots} `)} /proc/mounts || mount -t tmpfs -o mode=711,size=33% roots ${all}; } && ` +
    `mkdir -p ${upper} ${work} ${merged} && ` +
    // The root directory of an overlay is that of its upper layer.
    `chmod $(stat -c %a ${below}) ${upper} && chown $(stat -c %u:%g ${below}) ${upper} && ` +
    `mount -t overlay -o ${options} root ${merged}`
  );
}

const unmountScript = (root: string, rootfs: string): string =>
  `umount -l ${quoted(rootfs)} 2>/dev/null; rm -rf ${quoted(root)}`;
