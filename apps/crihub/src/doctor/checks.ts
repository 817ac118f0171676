import type { Config } from '@crihub/config';
import { type CgroupLayout, readText } from '@crihub/linux';
import { checkDaemon } from './checks/daemon.ts';
import { checkDisk } from './checks/disk.ts';
import { judgeTrials } from './checks/features.ts';
import { checkGuests } from './checks/guests.ts';
import { judgeCgroups, judgeKernel } from './checks/kernel.ts';
import { checkKvm } from './checks/kvm.ts';
import { neededPrograms } from './checks/needed-programs.ts';
import { checkNetwork } from './checks/network.ts';
import { judgeCapabilities, judgeSecurityModules } from './checks/privileges.ts';
import { checkPrograms } from './checks/programs.ts';
import type { Check, Finding } from './finding.ts';
import { lastCapability, probe } from './probe.ts';

/** All that the doctor looks at, in the order of the report. */
export const checksOf = (config: Config, socket: string): readonly Check[] => [
  { name: 'host', run: async (signal) => await checkHost(config.stateDirectory, signal) },
  { name: 'kvm', run: checkKvm },
  { name: 'programs', run: async (signal) => await checkPrograms(neededPrograms(config), signal) },
  { name: 'engines', run: async (signal) => await checkEngines(config, signal) },
  { name: 'guests', run: async () => await checkGuests(config) },
  { name: 'network', run: async (signal) => await checkNetwork(config, signal) },
  { name: 'disk', run: async () => await checkDisk(config.stateDirectory) },
  { name: 'daemon', run: async () => await checkDaemon(socket) },
];

/** The clients of engines are loaded when they are needed: every other command would start later for them. */
async function checkEngines(config: Config, signal: AbortSignal): Promise<readonly Finding[]> {
  const engines = await import('./checks/engines.ts');
  return await engines.checkEngines(config, signal);
}

async function checkHost(stateDirectory: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const [facts, last] = await Promise.all([probe(stateDirectory, signal), lastCapability()]);
  const userId = process.getuid?.() ?? 0;
  return [
    judgeKernel(facts.kernel),
    ...judgeCgroups(facts.cgroups, await unifiedControllers(facts.cgroups)),
    ...judgeCapabilities(facts.capabilities, last, userId),
    ...judgeSecurityModules(facts.security),
    // What others than root are refused says nothing about the daemon.
    ...(userId === 0 ? judgeTrials(facts.trials) : []),
  ];
}

async function unifiedControllers(layout: CgroupLayout): Promise<readonly string[]> {
  if (layout.version === 'v2' || layout.unified === undefined) return [];
  const text = await readText(`${layout.unified}/cgroup.controllers`);
  return text?.split(/\s+/).filter(Boolean) ?? [];
}
