import type { Config } from '@crihub/config';
import type { Program } from './programs.ts';

const INSTALL = 'apt-get install';

/** What the configured handlers run. Options that a backend does not know are for it to refuse. */
export function neededPrograms({ handlers }: Config): readonly Program[] {
  const programs = new Map<string, Program>();
  for (const [handler, { backend, ...options }] of Object.entries(handlers)) {
    if (backend !== 'runc') continue;
    for (const name of [textOr(options['runtime'], 'runc'), textOr(options['conmonPath'], 'conmon')]) {
      const advice = `handler '${handler}' can't run pods without it: ${INSTALL} ${name}`;
      programs.set(name, { name, level: 'error', advice });
    }
    const pause = textOr(options['pausePath'], 'catatonit');
    const advice = `pods whose containers share their processes are refused: ${INSTALL} ${pause}`;
    programs.set(pause, { name: pause, level: 'warning', advice });
  }
  const advice = `host ports and masquerading need it: ${INSTALL} iptables`;
  return [...programs.values(), { name: 'iptables', level: 'warning', advice }];
}

const textOr = (value: unknown, fallback: string): string =>
  typeof value === 'string' && value !== '' ? value : fallback;
