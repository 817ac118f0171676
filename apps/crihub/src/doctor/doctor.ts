import { type Config, loadConfig, parseConfig } from '@crihub/config';
import { describeError, kindOf } from '@crihub/kernel';
import type { Context } from '../context.ts';
import type { Column } from '../output/table.ts';
import type { Style, Terminal } from '../output/terminal.ts';
import { checksOf } from './checks.ts';
import { examine } from './examine.ts';
import { error, type Finding, type Level, ok } from './finding.ts';

export const DEFAULT_CONFIG = '/etc/crihub/config.yaml';

export interface DoctorOptions {
  /** The daemon's configuration file. */
  readonly config: string;
  /** Ask the daemon there, not on the socket of the configuration. */
  readonly socket: string | undefined;
}

const STYLES: Readonly<Record<Level, Style>> = { ok: 'green', warning: 'yellow', error: 'red' };

/** `crihub doctor`: @returns whether a pod can run here, as far as can be seen. */
export async function doctor(context: Context, { config: file, socket }: DoctorOptions): Promise<boolean> {
  const terminal = context.terminal();
  const { config, finding } = await readConfig(file);
  const findings = [finding, ...(await examine(checksOf(config, socket ?? config.socket)))];
  await terminal.showRows(findings, columns(terminal), '');
  if (terminal.format === 'table') await terminal.remark(`\n${summary(findings)}`);
  return findings.every(({ level }) => level !== 'error');
}

/** A file that can't be used is a finding, and the rest is looked at with the defaults. */
async function readConfig(file: string): Promise<{ readonly config: Config; readonly finding: Finding }> {
  try {
    return { config: await loadConfig(file), finding: ok('configuration', file) };
  } catch (cause) {
    const config = parseConfig('', 'defaults');
    if (file === DEFAULT_CONFIG && kindOf(cause) === 'NotFound')
      return { config, finding: ok('configuration', `no ${file}: the defaults`) };
    const advice = "mend it, and see 'crihubd config check'; the defaults were looked at instead";
    return { config, finding: error('configuration', describeError(cause), advice) };
  }
}

const columns = (terminal: Terminal): readonly Column<Finding>[] => [
  { head: 'CHECK', cell: ({ check }) => check },
  { head: 'LEVEL', cell: ({ level }) => terminal.paint(STYLES[level], level) },
  {
    head: 'FOUND',
    cell: ({ message, advice }) => (advice === undefined ? message : `${message}\n→ ${advice}`),
  },
];

export function summary(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [errors, warnings] = [count('error'), count('warning')];
  if (errors > 0) return `${plural(errors, 'error')} and ${plural(warnings, 'warning')}: pods will fail here`;
  return warnings > 0 ? `${plural(warnings, 'warning')}, no error` : 'all is well';
}

const plural = (count: number, noun: string): string => `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
