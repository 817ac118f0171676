import type { Config } from '@crihub/config';
import type { Program } from './programs.ts';

const INSTALL = 'apt-get install';

type Options = Readonly<Record<string, unknown>>;

/** What the configured handlers run. Options that a backend does not know are for it to refuse. */
export function neededPrograms({ handlers }: Config): readonly Program[] {
  const programs = new Map<string, Program>();
  for (const [handler, { backend, ...options }] of Object.entries(handlers)) {
    for (const program of PROGRAMS_OF[backend]?.(handler, options) ?? []) programs.set(program.name, program);
  }
  const advice = `host ports and masquerading need it: ${INSTALL} iptables`;
  return [...programs.values(), { name: 'iptables', level: 'warning', advice }];
}

const PROGRAMS_OF: Readonly<Record<string, (handler: string, options: Options) => readonly Program[]>> = {
  runc: (handler, { runtime, conmonPath, pausePath }) => {
    const pause = textOr(pausePath, 'catatonit');
    const advice = `pods whose containers share their processes are refused: ${INSTALL} ${pause}`;
    return [
      required(handler, textOr(runtime, 'runc')),
      required(handler, textOr(conmonPath, 'conmon')),
      { name: pause, level: 'warning', advice },
    ];
  },
  kata: (handler, { qemuPath }) => [
    required(handler, textOr(qemuPath, 'qemu-system-x86_64'), 'qemu-system-x86'),
  ],
};

const required = (handler: string, name: string, debianPackage = name): Program => ({
  name,
  level: 'error',
  advice: `handler '${handler}' can't run pods without it: ${INSTALL} ${debianPackage}`,
});

const textOr = (value: unknown, fallback: string): string =>
  typeof value === 'string' && value !== '' ? value : fallback;
