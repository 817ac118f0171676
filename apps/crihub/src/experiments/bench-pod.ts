import { randomUUID } from 'node:crypto';
import { RuntimeError } from '@crihub/kernel';
import {
  ContainerConfig,
  CreateContainerRequest,
  ExecSyncRequest,
  PodSandboxConfig,
  RemovePodSandboxRequest,
  RunPodSandboxRequest,
  RuntimeServiceService as runtime,
  StartContainerRequest,
  StopContainerRequest,
  StopPodSandboxRequest,
} from '@crihub/wire/cri';
import type { NodeClient } from '../client/node-client.ts';

export interface BenchPodOptions {
  readonly trial: string;
  readonly handler: string;
  readonly round: number;
  readonly image: string;
  readonly logDirectory: string;
  readonly cgroupParent: string;
}

/** A virtual machine that boots on a slow node, in ms. */
const CREATE_MS = 300_000;
const GRACE_SECONDS = 10n;
// A shell that ends at once when it is asked to, as programs in containers should.
const COMMAND = ['sh', '-c', "trap 'exit 0' TERM; sleep 3600 & wait"];

/** One pod with one container, through its life. */
export class BenchPod {
  readonly #node: NodeClient;
  readonly #handler: string;
  readonly #config: PodSandboxConfig;
  readonly #container: ContainerConfig;
  #podSandboxId: string | undefined;
  #containerId = '';

  constructor(
    node: NodeClient,
    { trial, handler, round, image, logDirectory, cgroupParent }: BenchPodOptions,
  ) {
    this.#node = node;
    this.#handler = handler;
    const name = `${trial}-${handler}-${String(round)}`;
    this.#config = PodSandboxConfig.create({
      metadata: { name, namespace: 'crihub-bench', uid: randomUUID(), attempt: 0 },
      hostname: name.slice(0, 63),
      logDirectory,
      annotations: { 'crihub.io/trial': trial },
      linux: { cgroupParent: cgroupParent === '' ? '' : `${cgroupParent}/${name}` },
    });
    this.#container = ContainerConfig.create({
      metadata: { name: 'main', attempt: 0 },
      image: { image },
      command: COMMAND,
      logPath: `${name}.log`,
    });
  }

  async start(): Promise<void> {
    const request = RunPodSandboxRequest.create({ config: this.#config, runtimeHandler: this.#handler });
    const { podSandboxId } = await this.#node.call(runtime.runPodSandbox, request, { timeoutMs: CREATE_MS });
    this.#podSandboxId = podSandboxId;
    const { containerId } = await this.#node.call(
      runtime.createContainer,
      CreateContainerRequest.create({ podSandboxId, config: this.#container, sandboxConfig: this.#config }),
      { timeoutMs: CREATE_MS },
    );
    this.#containerId = containerId;
    await this.#node.call(runtime.startContainer, StartContainerRequest.create({ containerId }));
  }

  async exec(): Promise<void> {
    const request = ExecSyncRequest.create({ containerId: this.#containerId, cmd: ['true'], timeout: 30n });
    const { exitCode } = await this.#node.call(runtime.execSync, request, { timeoutMs: 40_000 });
    if (exitCode !== 0) throw new RuntimeError('Internal', `'true' ended with ${String(exitCode)}`);
  }

  async stop(): Promise<void> {
    const request = StopContainerRequest.create({ containerId: this.#containerId, timeout: GRACE_SECONDS });
    await this.#node.call(runtime.stopContainer, request, { timeoutMs: 60_000 });
    const podSandboxId = this.#podSandboxId ?? '';
    await this.#node.call(runtime.stopPodSandbox, StopPodSandboxRequest.create({ podSandboxId }));
  }

  /** Repeatable; nothing is there if the pod was never made. */
  async remove(): Promise<void> {
    const podSandboxId = this.#podSandboxId;
    if (podSandboxId === undefined) return;
    await this.#node.call(runtime.stopPodSandbox, StopPodSandboxRequest.create({ podSandboxId }));
    await this.#node.call(runtime.removePodSandbox, RemovePodSandboxRequest.create({ podSandboxId }));
  }
}
