import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { type CgroupLayout, detectCgroupLayout, detectHugepageSizes } from '../cgroups/layout.ts';
import { type Capabilities, parseCapabilities } from './capabilities.ts';
import { type KernelVersion, runningKernel } from './kernel-version.ts';
import { lowestOomScoreAdj, maxOpenFilesOf, pageSizeOf } from './process-limits.ts';
import { probeSecurityModules, type SecurityModules } from './security-modules.ts';
import { type TrialDependencies, type Trials, tryFeatures } from './trials.ts';

/** What this host is and can do. It does not change while it runs, so it is asked once. */
export interface HostFacts {
  readonly kernel: KernelVersion;
  /** Another one after each boot. */
  readonly bootId: string;
  readonly cpus: number;
  readonly totalMemoryBytes: number;
  readonly totalSwapBytes: number;
  readonly pageSizeBytes: number;
  readonly hugepageSizes: readonly string[];
  readonly cgroups: CgroupLayout;
  readonly capabilities: Capabilities;
  readonly security: SecurityModules;
  /** The lowest OOM score adjustment that this process can give; -1000 if it may do all. */
  readonly lowestOomScoreAdj: number;
  /** The hard limit; `undefined` for unlimited. */
  readonly maxOpenFiles: number | undefined;
  readonly trials: Trials;
}

/**
 * Asks the kernel, and tries what it does not tell. @param scratchDirectory where mounts are tried: an
 * existing directory on the filesystem that containers will be on.
 */
export async function probeHost(
  scratchDirectory: string,
  dependencies: TrialDependencies,
  signal?: AbortSignal,
): Promise<HostFacts> {
  const [bootId, auxiliaryVector, status, limits, memory] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readFile('/proc/self/auxv'),
    readFile('/proc/self/status', 'utf8'),
    readFile('/proc/self/limits', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
  ]);
  return {
    kernel: runningKernel(),
    bootId: bootId.trim(),
    cpus: cpus().length,
    totalMemoryBytes: totalmem(),
    totalSwapBytes: Number(/^SwapTotal:\s+(\d+) kB$/m.exec(memory)?.[1] ?? 0) * 1024,
    pageSizeBytes: pageSizeOf(auxiliaryVector) ?? 4096,
    hugepageSizes: await detectHugepageSizes(),
    cgroups: await detectCgroupLayout(),
    capabilities: parseCapabilities(status),
    security: await probeSecurityModules(),
    lowestOomScoreAdj: await lowestOomScoreAdj(),
    maxOpenFiles: maxOpenFilesOf(limits),
    trials: await tryFeatures(scratchDirectory, dependencies, signal),
  };
}
