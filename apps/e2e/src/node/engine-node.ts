import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DaemonProcess, type EngineName, startEngine } from '@crihub/tool-fixtures';
import { engineHandler, type Handlers } from './daemon-config.ts';
import { TestNode } from './test-node.ts';

/** A node with an engine of its own, which can die and be started again; its handler has the engine's name. */
export class EngineNode implements AsyncDisposable {
  readonly node: TestNode;
  /** Of the engine. */
  readonly directory: string;
  readonly #name: EngineName;
  #engine: DaemonProcess;

  /** @param others handlers beside the engine's, made for the node's directory. */
  static async start(
    name: EngineName,
    number: number,
    others: (home: string) => Handlers = () => ({}),
  ): Promise<EngineNode> {
    const directory = await mkdtemp(path.join(tmpdir(), 'crihub-engine-'));
    const engine = await startEngine(name, directory);
    const handlers = (home: string): Handlers => ({
      ...others(home),
      [name]: engineHandler(home, name, engine.socket),
    });
    return new EngineNode(name, directory, engine, await TestNode.start({ number, handlers }));
  }

  private constructor(name: EngineName, directory: string, engine: DaemonProcess, node: TestNode) {
    this.#name = name;
    this.directory = directory;
    this.#engine = engine;
    this.node = node;
  }

  get engine(): DaemonProcess {
    return this.#engine;
  }

  /** SIGKILL to the engine alone. */
  async killEngine(): Promise<void> {
    process.kill(this.#engine.pid, 'SIGKILL');
    await this.#engine.exited;
  }

  /** Starts it again, on what it left. */
  async startEngine(): Promise<void> {
    this.#engine = await startEngine(this.#name, this.directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node[Symbol.asyncDispose]();
    await this.#engine[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}
