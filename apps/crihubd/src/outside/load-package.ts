import { pathToFileURL } from 'node:url';
import { type BackendPackage, CONTRACT_VERSION } from '@crihub/contract';
import { describeError, RuntimeError, untilAborted } from '@crihub/kernel';
import { z } from 'zod';
import type { FoundPackage } from './find-package.ts';

const LOAD_MS = 15_000;

const isFunction = (value: unknown): boolean => typeof value === 'function';

/** The shape of what a package exports; what it does is for the guard to watch. */
const exported = z.object({
  backend: z.object({
    contractVersion: z.string().regex(/^\d+\.\d+$/, 'a contract version such as "1.0"'),
    options: z.looseObject({
      '~standard': z.looseObject({ validate: z.custom(isFunction, 'a function') }),
    }),
    create: z.custom(isFunction, 'a function'),
  }),
});

/** @throws FailedPrecondition for a package that can't be loaded, or is not for this contract. */
export async function loadPackage(
  name: string,
  { entry }: FoundPackage,
  limitMs = LOAD_MS,
): Promise<BackendPackage> {
  const module = await importWithin(name, entry, limitMs);
  const shape = exported.safeParse(module);
  if (!shape.success) {
    const [issue] = shape.error.issues;
    throw unusable(name, `its export ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not right'}`);
  }
  const { backend } = module as { readonly backend: BackendPackage };
  checkVersion(name, backend.contractVersion);
  return backend;
}

async function importWithin(name: string, entry: string, limitMs: number): Promise<unknown> {
  try {
    return await untilAborted(import(pathToFileURL(entry).href), AbortSignal.timeout(limitMs));
  } catch (cause) {
    throw unusable(name, `${entry} can't be loaded: ${describeError(cause)}`, cause);
  }
}

/** A minor version adds to the contract: a package may be older than the hub, not newer. */
function checkVersion(name: string, version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [ourMajor = 0, ourMinor = 0] = CONTRACT_VERSION.split('.').map(Number);
  if (major === ourMajor && minor <= ourMinor) return;
  throw unusable(
    name,
    `it was built for version ${version} of the backend contract, and this is version ${CONTRACT_VERSION}: ` +
      'install a version of the package for this crihub',
  );
}

const unusable = (name: string, why: string, cause?: unknown): RuntimeError =>
  new RuntimeError('FailedPrecondition', `backend package ${name}: ${why}`, { cause });
