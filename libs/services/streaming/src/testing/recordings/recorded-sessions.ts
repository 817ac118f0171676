import { readFile, writeFile } from 'node:fs/promises';
import type { StreamSelection } from '../../remote-command/command-streams.ts';
import type { StreamKind, Transport } from '../../stream-observer.ts';
import type { Recording } from './recording.ts';
import { effect, type SessionEffect } from './session-effect.ts';

/** A session that crictl, with client-go in it, had over each transport, and what it must lead to. */
export interface RecordedSession {
  readonly name: string;
  readonly kind: StreamKind;
  readonly streams: StreamSelection;
  readonly effect: SessionEffect;
}

const PIPES: StreamSelection = { stdin: true, stdout: true, stderr: true, terminal: false };
const TERMINAL: StreamSelection = { stdin: true, stdout: true, stderr: false, terminal: true };

export const RECORDED_SESSIONS = [
  {
    name: 'exec without input',
    kind: 'exec',
    streams: { ...PIPES, stdin: false },
    effect: effect({}),
  },
  {
    name: 'exec with input to its end',
    kind: 'exec',
    streams: PIPES,
    effect: effect({ input: 'to the command\n', inputEnded: true }),
  },
  {
    name: 'exec in a terminal that is typed in, resized and hung up',
    kind: 'exec',
    streams: TERMINAL,
    effect: effect({ input: 'typed\r', size: '90x25', abandoned: true }),
  },
  {
    name: 'attach with input to its end',
    kind: 'attach',
    streams: PIPES,
    effect: effect({ input: 'to the container\n', inputEnded: true }),
  },
  {
    name: 'port-forward of two connections, one after the other',
    kind: 'portforward',
    streams: PIPES,
    effect: effect({ connections: ['the first', 'the second'] }),
  },
] as const satisfies readonly RecordedSession[];

export type SessionName = (typeof RECORDED_SESSIONS)[number]['name'];

/** The body is in base64, in lines of a size that can be read. */
type StoredRecording = { readonly head: readonly string[]; readonly body: readonly string[] };
type Stored = Readonly<Record<string, StoredRecording>>;

const FILE = new URL('./crictl.json', import.meta.url);
const LINE = 96;
const keyOf = (name: SessionName, transport: Transport): string => `${name}, over ${transport}`;

/** @throws Error if there is none. */
export async function loadRecording(name: SessionName, transport: Transport): Promise<Recording> {
  const found = (await stored())[keyOf(name, transport)];
  if (found === undefined) throw new Error(`${keyOf(name, transport)}: not recorded`);
  return { head: found.head, body: Buffer.from(found.body.join(''), 'base64') };
}

/** Keeps a recording in place of an earlier one. */
export async function storeRecording(
  name: SessionName,
  transport: Transport,
  { head, body }: Recording,
): Promise<void> {
  const lines = body.toString('base64').match(new RegExp(`.{1,${String(LINE)}}`, 'g')) ?? [];
  const [requestLine = '', ...fields] = head;
  const withoutToken = requestLine.replace(/\/[^/ ]+ HTTP/, '/token HTTP');
  const all = {
    ...(await stored()),
    [keyOf(name, transport)]: { head: [withoutToken, ...fields], body: lines },
  };
  await writeFile(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
}

const stored = async (): Promise<Stored> => JSON.parse(await readFile(FILE, 'utf8')) as Stored;
