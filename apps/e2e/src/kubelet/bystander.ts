import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { containerConfig, createContainer, runPod, startContainer } from '@crihub/tool-fixtures';
import { run } from '@crihub/transport/process';
import { type ContainerConfig, ContainerState, Mount, type PodSandboxConfig } from '@crihub/wire/cri';
import { BUSYBOX, type TestNode } from '../node/test-node.ts';
import { removeContainer, viewContainer } from './calls.ts';
import { eventually } from './eventually.ts';
import { TICKING, ticksIn } from './log-lines.ts';

/** A pod that lives through whatever befalls its daemon: it writes ticks, and its other containers end one by one. */
export class Bystander {
  readonly #node: TestNode;
  readonly #config: PodSandboxConfig;
  readonly #pod: string;
  readonly #ticking: string;
  readonly #pid: number;
  readonly #waiting: Map<string, string>;

  private constructor(
    node: TestNode,
    config: PodSandboxConfig,
    pod: string,
    ticking: { readonly id: string; readonly pid: number },
    waiting: Map<string, string>,
  ) {
    this.#node = node;
    this.#config = config;
    this.#pod = pod;
    this.#ticking = ticking.id;
    this.#pid = ticking.pid;
    this.#waiting = waiting;
  }

  /** @param names of the containers that wait to be ended. */
  static async start(node: TestNode, names: readonly string[]): Promise<Bystander> {
    const config = await node.podConfig('bystander');
    const pod = await runPod(node.cri, config);
    const begin = async (container: ContainerConfig): Promise<string> => {
      const id = await createContainer(node.cri, pod, container, config);
      await startContainer(node.cri, id);
      return id;
    };
    const waiting = new Map<string, string>();
    for (const name of names) waiting.set(name, await begin(await waitingConfig(name, config.logDirectory)));
    const id = await begin(containerConfig('ticking', BUSYBOX, TICKING));
    const { pid } = await viewContainer(node.cri, id);
    if (pid === undefined) throw new RuntimeError('Internal', `container ${id} runs without a pid`);
    return new Bystander(node, config, pod, { id, pid }, waiting);
  }

  /** What its traces on the node can be told by. */
  get words(): readonly string[] {
    return [this.#pod, this.#ticking, ...this.#waiting.values(), this.#config.linux?.cgroupParent ?? ''];
  }

  /** @throws if the ticking container is another one, does not run, or lost or repeated a line. */
  async assertUnharmed(): Promise<void> {
    const { status, pid } = await viewContainer(this.#node.cri, this.#ticking);
    if (status.state !== ContainerState.CONTAINER_RUNNING || pid !== this.#pid)
      throw new Error(`was process ${String(this.#pid)}; now ${String(pid)}, state ${String(status.state)}`);
    const ticks = await ticksIn(path.join(this.#config.logDirectory, 'ticking.log'));
    const wrong = ticks.findIndex((tick, index) => tick !== index);
    if (wrong !== -1 || ticks.length === 0)
      throw new Error(`the log has tick ${String(ticks[wrong])} on line ${String(wrong)}`);
  }

  /** Ends one container by no daemon's means, and waits until it has. */
  async endOne(name: string): Promise<void> {
    const id = this.#waiting.get(name) ?? '';
    await writeFile(path.join(this.#config.logDirectory, name), '');
    await eventually(`the end of ${id}`, async () => {
      const traces = await this.#node.leftovers();
      return traces.some((trace) => trace.startsWith('process') && trace.includes(id)) ? undefined : true;
    });
  }

  /** How that container ended, as the runtime says; it is then removed. */
  async endOf(name: string): Promise<{ state: ContainerState; exitCode: number; reason: string }> {
    const id = this.#waiting.get(name) ?? '';
    const { state, exitCode, reason } = (await viewContainer(this.#node.cri, id)).status;
    await removeContainer(this.#node.cri, id);
    this.#waiting.delete(name);
    return { state, exitCode, reason };
  }
}

/** It waits for a line on a FIFO. */
async function waitingConfig(name: string, directory: string): Promise<ContainerConfig> {
  await run('mkfifo', { args: [path.join(directory, name)] });
  const command = ['sh', '-c', `cat /signals/${name}; exit 7`];
  const mounts = [Mount.create({ hostPath: directory, containerPath: '/signals', readonly: true })];
  return { ...containerConfig(name, BUSYBOX, command), mounts };
}
