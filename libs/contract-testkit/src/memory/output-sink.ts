import { PassThrough } from 'node:stream';
import type { OutputStream } from './cri-log.ts';

/** Where a session's output goes: a slow reader makes the writer wait, one that left does not. */
export class OutputSink {
  readonly stdout = new PassThrough();
  readonly stderr: PassThrough | undefined;

  constructor(options: { readonly terminal: boolean }) {
    this.stderr = options.terminal ? undefined : new PassThrough();
  }

  async write(stream: OutputStream, chunk: Buffer): Promise<void> {
    const target = stream === 'stderr' ? (this.stderr ?? this.stdout) : this.stdout;
    if (target.writableEnded || target.destroyed || target.write(chunk)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    target.once('drain', resolve).once('close', resolve);
    await promise;
    target.off('drain', resolve).off('close', resolve);
  }

  end(): void {
    this.stdout.end();
    this.stderr?.end();
  }

  destroy(): void {
    this.stdout.destroy();
    this.stderr?.destroy();
  }
}
