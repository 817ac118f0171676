import { createHash } from 'node:crypto';
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import { run } from '@crihub/transport/process';

const ROOT = path.resolve(import.meta.dirname, '..');
const BIN = path.resolve(ROOT, '../../.cache/bin');
const BUILD_TIMEOUT_MS = 20 * 60_000;

/** By the path below the folder of built programs. */
export type GoProgram =
  | 'crictl'
  | 'critest'
  | 'nri-plugin'
  | 'runc'
  | 'moby/dockerd'
  | `${ContainerdLine}/${'containerd' | 'containerd-shim-runc-v2'}`;

/** The newest containerd, and the last that came before 2.0. */
export type ContainerdLine = 'containerd-upstream' | 'containerd-1.7';

/** What tells a program its version, which a build from a module does not. */
interface Version {
  readonly module: string;
  /** In Go, below the module. */
  readonly variable: string;
}

interface Recipe {
  /** The Go module that pins its version, relative to this package. */
  readonly module: string;
  /** The arguments of `go` before and after `-o <file>`. */
  readonly build: readonly string[];
  readonly what: string;
  readonly version?: Version;
}

const CRI_TOOLS: Version = { module: 'sigs.k8s.io/cri-tools', variable: 'pkg/version.Version' };

const recipes: Readonly<Record<GoProgram, Recipe>> = {
  crictl: { module: '.', build: ['build'], what: 'sigs.k8s.io/cri-tools/cmd/crictl', version: CRI_TOOLS },
  critest: { module: '.', build: ['test', '-c'], what: './critest', version: CRI_TOOLS },
  'nri-plugin': { module: '.', build: ['build'], what: './nri-plugin' },
  runc: {
    module: 'runc',
    build: ['build', '-trimpath', '-tags=seccomp,urfave_cli_no_docs'],
    what: 'github.com/opencontainers/runc',
  },
  'moby/dockerd': {
    module: 'moby',
    build: ['build', '-trimpath', '-tags=exclude_graphdriver_btrfs,exclude_graphdriver_zfs'],
    what: 'github.com/moby/moby/v2/cmd/dockerd',
    version: { module: 'github.com/moby/moby/v2', variable: 'dockerversion.Version' },
  },
  'containerd-upstream/containerd': containerd('containerd', 'v2/cmd/containerd'),
  'containerd-upstream/containerd-shim-runc-v2': containerd('containerd', 'v2/cmd/containerd-shim-runc-v2'),
  'containerd-1.7/containerd': containerd('containerd-1.7', 'cmd/containerd'),
  'containerd-1.7/containerd-shim-runc-v2': containerd('containerd-1.7', 'cmd/containerd-shim-runc-v2'),
};

function containerd(module: string, program: string): Recipe {
  return {
    module,
    // Of these snapshotters no distribution's machine has the libraries by default.
    build: ['build', '-trimpath', '-tags=no_btrfs,no_devmapper,no_zfs'],
    what: `github.com/containerd/containerd/${program}`,
  };
}

/** The machine has no Go, so what is made with it can't be had. */
export class GoMissingError extends RuntimeError {
  constructor() {
    super(
      'FailedPrecondition',
      `${Object.keys(recipes).join(', ')} are built with Go, and there is no \`go\` in PATH; install Go 1.26 or newer (https://go.dev/dl)`,
    );
  }
}

/**
 * The path of a program in Go, built on first use from the versions that its `go.mod` pins.
 * @throws GoMissingError, or FailedPrecondition with the compiler's words.
 */
export async function goProgram(name: GoProgram, say: (line: string) => void): Promise<string> {
  const target = path.join(BIN, name);
  const stamp = `${target}.source`;
  const recipe = recipes[name];
  const source = await sourceDigest(recipe);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === source) return target;
  await requireGo();
  say(`building ${name} (once; a minute or two)`);
  await mkdir(path.dirname(target), { recursive: true });
  await build(recipe, target);
  await writeFile(stamp, source);
  return target;
}

async function build({ module, build: command, what, version }: Recipe, target: string): Promise<void> {
  const cwd = path.join(ROOT, module);
  const flags = ['-mod=readonly', ...(version === undefined ? [] : [await versionFlag(version, cwd)])];
  const args = [...command, ...flags, '-o', target, what];
  const env = process.env as Record<string, string>;
  const result = await run('go', { args, cwd, env, timeoutMs: BUILD_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  throw new RuntimeError(
    'FailedPrecondition',
    `go ${args.join(' ')} failed: ${result.stderr.toString().trim().slice(-3000)}`,
  );
}

/** Tells the version that `go.mod` pins. */
async function versionFlag({ module, variable }: Version, directory: string): Promise<string> {
  const file = path.join(directory, 'go.mod');
  const words = (await readFile(file, 'utf8')).split(/\s+/);
  const version = words[words.indexOf(module) + 1];
  if (version === undefined) throw new RuntimeError('Internal', `${file} does not pin ${module}`);
  return `-ldflags=-X=${module}/${variable}=${version}`;
}

async function requireGo(): Promise<void> {
  const env = process.env as Record<string, string>;
  const found = await run('go', { args: ['version'], env }).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  );
  if (!found) throw new GoMissingError();
}

async function sourceDigest({ module, build: command, what }: Recipe): Promise<string> {
  const hash = createHash('sha256').update([process.arch, ...command, what].join(' '));
  const cwd = path.join(ROOT, module);
  for await (const file of glob(`{go.mod,go.sum,${what}/*.go}`, { cwd }))
    hash.update(file).update(await readFile(path.join(cwd, file)));
  return hash.digest('hex');
}

/** What was built, or the sentence that says why not, on a machine without Go. */
export async function unlessGoIsMissing<T>(build: Promise<T>): Promise<T | GoMissingError> {
  try {
    return await build;
  } catch (error) {
    if (error instanceof GoMissingError) return error;
    throw error;
  }
}

/** The directory of a containerd and its shim. @throws GoMissingError */
export async function builtContainerd(line: ContainerdLine, say: (line: string) => void): Promise<string> {
  await goProgram(`${line}/containerd-shim-runc-v2`, say);
  return path.dirname(await goProgram(`${line}/containerd`, say));
}

/** Directories with the newest dockerd and what it needs as new: containerd, its shim, runc. @throws GoMissingError */
export async function builtDocker(say: (line: string) => void): Promise<readonly string[]> {
  const dockerd = await goProgram('moby/dockerd', say);
  const containerd = await builtContainerd('containerd-upstream', say);
  return [path.dirname(dockerd), containerd, path.dirname(await goProgram('runc', say))];
}
