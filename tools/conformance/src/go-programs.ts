import { createHash } from 'node:crypto';
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';

const MODULE = path.resolve(import.meta.dirname, '..');
const BIN = path.resolve(MODULE, '../../.cache/bin');
const BUILD_TIMEOUT_MS = 20 * 60_000;
const VERSION_FLAG = '-X=sigs.k8s.io/cri-tools/pkg/version.Version=';

type GoProgram = 'crictl' | 'critest';

/** The machine has no Go, so what is made with it can't be had. */
export class GoMissingError extends RuntimeError {
  constructor() {
    super(
      'FailedPrecondition',
      'crictl and critest are built with Go, and there is no `go` in PATH; install Go 1.26 or newer (https://go.dev/dl)',
    );
  }
}

/**
 * The path of crictl or critest, built on first use from the versions that `go.mod` pins.
 * @throws GoMissingError, or FailedPrecondition with the compiler's words.
 */
export async function goProgram(name: GoProgram, say: (line: string) => void): Promise<string> {
  const target = path.join(BIN, name);
  const stamp = `${target}.source`;
  const source = await sourceDigest();
  if ((await readFile(stamp, 'utf8').catch(() => '')) === source) return target;
  await requireGo();
  say(`building ${name} (once; a minute or two)`);
  await mkdir(BIN, { recursive: true });
  await build(name, target);
  await writeFile(stamp, source);
  return target;
}

async function build(name: GoProgram, target: string): Promise<void> {
  const version = /sigs\.k8s\.io\/cri-tools (\S+)/.exec(
    await readFile(path.join(MODULE, 'go.mod'), 'utf8'),
  )?.[1];
  const flags = ['-mod=readonly', `-ldflags=${VERSION_FLAG}${version ?? 'unknown'}`, '-o', target];
  const args =
    name === 'crictl'
      ? ['build', ...flags, 'sigs.k8s.io/cri-tools/cmd/crictl']
      : ['test', '-c', ...flags, './critest'];
  const env = process.env as Record<string, string>;
  const result = await run('go', { args, cwd: MODULE, env, timeoutMs: BUILD_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  throw new RuntimeError(
    'FailedPrecondition',
    `go ${args.join(' ')} failed: ${result.stderr.toString().trim().slice(-3000)}`,
  );
}

async function requireGo(): Promise<void> {
  const env = process.env as Record<string, string>;
  const found = await run('go', { args: ['version'], env }).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  );
  if (!found) throw new GoMissingError();
}

async function sourceDigest(): Promise<string> {
  const hash = createHash('sha256').update(process.arch);
  for await (const file of glob('{go.mod,go.sum,critest/*.go}', { cwd: MODULE }))
    hash.update(file).update(await readFile(path.join(MODULE, file)));
  return hash.digest('hex');
}
