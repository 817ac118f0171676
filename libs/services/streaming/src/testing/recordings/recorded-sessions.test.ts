import { silentLogger } from '@crihub/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StreamingServer } from '../../streaming-server.ts';
import { eventually } from '../eventually.ts';
import { farewellOffset, frameSequence } from './frame-sequence.ts';
import { ObservedRequest } from './observed-request.ts';
import { haveSession } from './own-client.ts';
import { loadRecording, RECORDED_SESSIONS } from './recorded-sessions.ts';
import { type Cut, ReplayClient } from './recording.ts';
import { RecordingProxy } from './recording-proxy.ts';

function* pieces(bytes: Buffer, size: () => number): Generator<Buffer> {
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + size();
    yield bytes.subarray(offset, end);
    offset = end;
  }
}

const CUTS: Readonly<Record<string, Cut>> = {
  'in one piece': (bytes) => [bytes],
  'byte by byte': (bytes) => pieces(bytes, () => 1),
  'in pieces of any size': (bytes) => pieces(bytes, () => 1 + Math.floor(Math.random() * 40)),
};

const CASES = RECORDED_SESSIONS.flatMap((session) =>
  (['spdy', 'websocket'] as const).map((transport) => ({ ...session, session, transport })),
);

describe.each(CASES)('$name, over $transport', ({ session, name, kind, streams, effect, transport }) => {
  let server: StreamingServer;
  let observed: ObservedRequest;

  beforeEach(async () => {
    const nothing = (): undefined => undefined;
    server = new StreamingServer(
      { address: { host: '127.0.0.1', port: 0 } },
      { logger: silentLogger, observer: { opened: nothing, closed: nothing, refused: nothing } },
    );
    observed = new ObservedRequest(kind, streams);
    await server.listen();
  });
  afterEach(async () => await server.close());

  const hasEffect = async (): Promise<void> =>
    await eventually(() => expect(observed.effect).toEqual({ ...effect, abandoned: false }));
  const isOver = async (): Promise<void> => {
    await eventually(() => expect(server.figures.sessions).toBe(0));
    expect(observed.effect.abandoned).toBe(effect.abandoned);
  };

  it.each(Object.entries(CUTS))("has its effect when crictl's bytes come %s", async (_how, cut) => {
    const recording = await loadRecording(name, transport);
    const farewell = farewellOffset(recording);
    const client = await ReplayClient.connect(server.urlFor(observed.request), recording.head);
    await client.send(cut(recording.body.subarray(0, farewell)));
    await hasEffect();
    await client.send(cut(recording.body.subarray(farewell)));
    client.hangUp();
    await isOver();
  });

  it("is the same frames from the tests' own client, with the same effect", async () => {
    await using proxy = await RecordingProxy.before(server.urlFor(observed.request));
    const hangUp = await haveSession(session, transport, proxy.url);
    await hasEffect();
    const expected = frameSequence(await loadRecording(name, transport));
    await eventually(() => expect(frameSequence(proxy.recording())).toEqual(expected));
    hangUp();
    await isOver();
  });
});
