import { parseArgs } from 'node:util';
import { STREAMING_SUITES, SUITES } from './suites/index.ts';
import type { Suite, SuiteSettings } from './suite.ts';

const HANDLERS: readonly string[] = ['runc', 'crun', 'containerd', 'docker', 'kata'];

/** It leaves logs in Docker's format, and its engine pulls from no registry of another name. */
const CRI_DOCKERD_SUITES: readonly string[] = ['lifecycle', 'exec'];

export const USAGE = `usage: npm run bench -- [options]

Measures crihub beside its peers, in turn, with one client, one image and one network. Ratios are to the
first column. Needs root, and a machine that does nothing else.

  --against <peers>     comma-separated: containerd, cri-dockerd (default containerd, "" for none);
                        cri-dockerd is looked for in PATH, or is what CRIHUB_BENCH_CRI_DOCKERD names, and is
                        measured in the suites ${CRI_DOCKERD_SUITES.join(' and ')} alone
  --handlers <names>    handlers of crihub, comma-separated: ${HANDLERS.join(', ')}
                        (default runc,crun, "" for none); containerd and docker are on a peer's own engine,
                        if that is measured too
  --suites <names>      comma-separated; default all of:
${SUITES.map(({ name, about }) => `                          ${name}: ${about}`).join('\n')}
  --streaming           the suites ${STREAMING_SUITES.join(' and ')} alone
  --pods <n>            pod lifecycles for each subject at each parallelism (default 100)
  --held <n>            pods held at once (default as many as --pods)
  --parallel <list>     lifecycles at a time, comma-separated; one round for each (default 1,5,20)
  --repeats <n>         short commands and connections (default 200)
  --distribution <dir>  measure the daemon that npm run build made there; the source's if absent
  -o, --output <form>   table or json (default table)
  --html <file>         write a page with plots, too
`;

/** What is to be compared: peers by name, then handlers of crihub. */
export interface SubjectChoice {
  readonly peers: readonly Peer[];
  readonly handlers: readonly string[];
  readonly distribution?: string;
  readonly needsLargeImage: boolean;
}

/** Runtimes that the bench can start. */
export type Peer = 'containerd' | 'cri-dockerd';

export type Choice =
  | { readonly help: true }
  | {
      readonly help: false;
      readonly subjects: SubjectChoice;
      readonly suites: readonly Suite[];
      readonly settings: Omit<SuiteSettings, 'say'>;
      readonly output: 'table' | 'json';
      readonly page?: string;
    };

/** @throws Error that says which word of the command line is wrong. */
export function choose(args: readonly string[]): Choice {
  const { values } = parseArgs({
    args: [...args],
    options: {
      against: { type: 'string', default: 'containerd' },
      handlers: { type: 'string', default: 'runc,crun' },
      suites: { type: 'string', default: SUITES.map(({ name }) => name).join(',') },
      streaming: { type: 'boolean', default: false },
      pods: { type: 'string', default: '100' },
      held: { type: 'string' },
      parallel: { type: 'string', default: '1,5,20' },
      repeats: { type: 'string', default: '200' },
      distribution: { type: 'string' },
      output: { type: 'string', short: 'o', default: 'table' },
      html: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { help: true };
  const { output, distribution, html: page } = values;
  if (output !== 'table' && output !== 'json') throw new Error(`-o is table or json, not ${output}`);
  const suites = suitesNamed(values.streaming ? STREAMING_SUITES : namesIn(values.suites));
  const peers = namesIn(values.against).map(peerNamed);
  const handlers = namesIn(values.handlers);
  const unknown = handlers.find((name) => !HANDLERS.includes(name));
  if (unknown !== undefined) throw new Error(`--handlers knows ${HANDLERS.join(', ')}, not ${unknown}`);
  if (peers.length + handlers.length === 0)
    throw new Error('there is nothing to measure: name a peer or a handler');
  const unfit = suites.find(({ name }) => !CRI_DOCKERD_SUITES.includes(name));
  if (peers.includes('cri-dockerd') && unfit !== undefined)
    throw new Error(
      `--against cri-dockerd needs --suites ${CRI_DOCKERD_SUITES.join(',')}: it can't be measured in ${unfit.name}`,
    );
  const needsLargeImage = suites.some(({ name }) => name === 'pull');
  return {
    help: false,
    subjects: { peers, handlers, needsLargeImage, ...(distribution === undefined ? {} : { distribution }) },
    suites,
    settings: {
      pods: positiveInteger('--pods', values.pods),
      held: positiveInteger('--held', values.held ?? values.pods),
      parallel: namesIn(values.parallel).map((text) => positiveInteger('--parallel', text)),
      repeats: positiveInteger('--repeats', values.repeats),
    },
    output,
    ...(page === undefined ? {} : { page }),
  };
}

function suitesNamed(names: readonly string[]): readonly Suite[] {
  const unknown = names.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown === undefined) return SUITES.filter(({ name }) => names.includes(name));
  throw new Error(`--suites knows ${SUITES.map(({ name }) => name).join(', ')}, not ${unknown}`);
}

function peerNamed(name: string): Peer {
  if (name === 'containerd' || name === 'cri-dockerd') return name;
  throw new Error(`--against knows containerd and cri-dockerd, not ${name}`);
}

const namesIn = (list: string): readonly string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function positiveInteger(option: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${option} must be a whole number above 0, not ${JSON.stringify(text)}`);
}
