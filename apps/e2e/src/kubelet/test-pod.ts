import path from 'node:path';
import { containerConfig, createContainer, removePod, runPod, startContainer } from '@crihub/tool-fixtures';
import type { ContainerConfig, PodSandboxConfig } from '@crihub/wire/cri';
import { BUSYBOX, type TestNode } from '../node/test-node.ts';

export const SLEEPING = ['sleep', '1000'];

/** A pod with its configuration, which the kubelet gives again with each of its containers. */
export class TestPod {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly #node: TestNode;

  private constructor(node: TestNode, id: string, config: PodSandboxConfig) {
    this.#node = node;
    this.id = id;
    this.config = config;
  }

  static async run(node: TestNode, given?: PodSandboxConfig, handler = ''): Promise<TestPod> {
    const config = given ?? (await node.podConfig('test'));
    return new TestPod(node, await runPod(node.cri, config, handler), config);
  }

  logFile(name: string): string {
    return path.join(this.config.logDirectory, `${name}.log`);
  }

  async create(change: Partial<ContainerConfig> = {}): Promise<string> {
    const config = { ...containerConfig('main', BUSYBOX, SLEEPING), ...change };
    return await createContainer(this.#node.cri, this.id, config, this.config);
  }

  async start(change: Partial<ContainerConfig> = {}): Promise<string> {
    const id = await this.create(change);
    await startContainer(this.#node.cri, id);
    return id;
  }

  async remove(): Promise<void> {
    await removePod(this.#node.cri, this.id);
  }
}
