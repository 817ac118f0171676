import { connect, type Socket } from 'node:net';
import { describeError, RuntimeError, untilAborted } from '@crihub/kernel';
import { z } from 'zod';

const message = z.union([
  z.object({ QMP: z.unknown() }),
  z.object({ event: z.string() }),
  z.object({ return: z.unknown(), id: z.number().optional() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number().optional() }),
]);
type Message = z.infer<typeof message>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Longest line that is read, in characters; QEMU's own are far shorter. */
const LONGEST_LINE = 1024 * 1024;

/**
 * QEMU's control socket (docs/interop/qmp-spec): commands and their answers. It serves one client at a time;
 * another one waits for its greeting.
 */
export class QmpConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #greeted = Promise.withResolvers<void>();
  /** Resolves when the connection is over: QEMU has ended, or we have closed it. */
  readonly closed: Promise<void>;
  /** Resolves when the guest has shut down, reset itself or panicked. */
  readonly shutDown: Promise<void>;
  readonly #isDown = Promise.withResolvers<void>();
  #text = '';
  #lastId = 0;

  private constructor(path: string) {
    const socket = (this.#socket = connect(path));
    this.shutDown = this.#isDown.promise;
    let cause: unknown;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', (error) => (cause = error));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#fail(new RuntimeError('Unavailable', `QEMU behind ${path} does not answer`, { cause }));
        resolve();
      });
    });
    this.#greeted.promise.catch(() => undefined);
  }

  /** @throws Unavailable if nobody listens there, or the signal's reason. */
  static async open(path: string, signal: AbortSignal): Promise<QmpConnection> {
    signal.throwIfAborted();
    const connection = new QmpConnection(path);
    try {
      await untilAborted(connection.#greeted.promise, signal);
      await connection.execute('qmp_capabilities', {}, signal);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** What the command returns. @throws Internal with QEMU's words if it refuses, Unavailable if it has ended. */
  async execute(command: string, args: object, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const id = (this.#lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    if (this.#socket.destroyed) this.#fail(new RuntimeError('Unavailable', 'QEMU has ended'));
    try {
      return await untilAborted(promise, signal);
    } finally {
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#text += text;
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    if (this.#text.length > LONGEST_LINE) this.#socket.destroy();
    try {
      for (const line of lines) if (line.trim() !== '') this.#take(message.parse(JSON.parse(line)));
    } catch (error) {
      this.#socket.destroy(new Error(`QEMU says what is no QMP: ${describeError(error)}`));
    }
  }

  #take(told: Message): void {
    if ('QMP' in told) this.#greeted.resolve();
    if ('event' in told && told.event === 'SHUTDOWN') this.#isDown.resolve();
    if ('event' in told || 'QMP' in told || told.id === undefined) return;
    const waiting = this.#waiting.get(told.id);
    if ('return' in told) waiting?.resolve(told.return);
    else waiting?.reject(new RuntimeError('Internal', `QEMU refuses: ${told.error.desc}`));
  }

  #fail(error: Error): void {
    this.#greeted.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
