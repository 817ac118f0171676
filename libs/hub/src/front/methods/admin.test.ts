import { describe, expect, it } from 'vitest';
import { RuntimeError } from '@crihub/kernel';
import {
  AuditRequest,
  type AuditResponse,
  HandlersRequest,
  type HandlersResponse,
  LoadImagesRequest,
  PullImageRequest,
  PullImageResponse,
  PullPhase,
} from '@crihub/wire/admin';
import { fakeImage, FakeImages } from '../../testing/fake-images.ts';
import { HubRig } from '../../testing/hub-rig.ts';
import type { PullOptions, PullProgress } from './image-service.ts';
import { type PullNews, pullStream } from './pull-stream.ts';

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe("the operator's service", () => {
  it('tells how far a pull is, and ends with the id', async () => {
    await using rig = await HubRig.start();
    const request = PullImageRequest.create({ reference: 'registry.example/app:1' });
    const messages = await collect(rig.hub.methods.admin.PullImage(request, rig.context));
    const totals = { layers: 2, layersDone: 1, bytes: 1000n, bytesDone: 400n };
    expect(messages).toEqual([
      PullImageResponse.create({ ...totals, phase: PullPhase.PULL_PHASE_FETCHING }),
      PullImageResponse.create({ ...totals, phase: PullPhase.PULL_PHASE_DONE, imageId: fakeImage.id }),
    ]);
  });

  it('counts the pods of a handler and names what it can do', async () => {
    await using rig = await HubRig.start();
    await rig.createContainer(await rig.runSandbox());
    const answer = await rig.hub.methods.admin.Handlers(HandlersRequest.create(), rig.context);
    const { handlers } = answer as HandlersResponse;
    expect(handlers).toEqual([
      expect.objectContaining({
        name: 'memory',
        default: true,
        backend: 'memory',
        healthy: true,
        reason: '',
        pods: 1,
        containers: 1,
      }),
    ]);
    expect(Object.keys(handlers[0]?.capabilities ?? {})).toContain('userNamespaces');
  });

  it('finds nothing wrong with a node that is as it was written down', async () => {
    await using rig = await HubRig.start();
    await rig.runSandbox();
    const answer = await rig.hub.methods.admin.Audit(AuditRequest.create(), rig.context);
    expect((answer as AuditResponse).findings).toEqual([]);
  });

  it.each([
    ['no path', ''],
    ['a relative path', 'images.tar'],
    ['a path that leads up', '/srv/../images.tar'],
  ])('refuses to load from %s', async (_sentence, path) => {
    await using rig = await HubRig.start();
    const load = rig.hub.methods.admin.LoadImages(LoadImagesRequest.create({ path }), rig.context);
    await expect(load).rejects.toMatchObject({ kind: 'InvalidArgument' });
  });
});

const progress = (layersDone: number): PullProgress => ({
  phase: 'fetching',
  layers: 9,
  layersDone,
  bytes: 900,
  bytesDone: 100 * layersDone,
});

class ScriptedImages extends FakeImages {
  readonly #script: (options: PullOptions | undefined) => Promise<string>;

  constructor(script: (options: PullOptions | undefined) => Promise<string>) {
    super();
    this.#script = script;
  }

  override async pull(_reference: string, options?: PullOptions): Promise<string> {
    return await this.#script(options);
  }
}

const read = async (images: ScriptedImages, signal = AbortSignal.timeout(5_000)): Promise<PullNews[]> =>
  await collect(pullStream(images, 'app', undefined, signal));

describe('pullStream', () => {
  it('gives a slow reader the newest news only', async () => {
    const images = new ScriptedImages(async (options) => {
      for (const done of [1, 2, 3]) options?.onProgress?.(progress(done));
      return 'id';
    });
    expect(await read(images)).toEqual([progress(3), { phase: 'pulled', imageId: 'id' }]);
  });

  it('ends with the failure of the pull', async () => {
    const images = new ScriptedImages(async () => {
      throw new RuntimeError('NotFound', 'no such image');
    });
    await expect(read(images)).rejects.toThrow('no such image');
  });

  it('leaves no rejection behind when its reader has left', async () => {
    const gone = Promise.withResolvers<string>();
    const images = new ScriptedImages(async (options) => {
      options?.onProgress?.(progress(1));
      return await gone.promise;
    });
    for await (const news of pullStream(images, 'app', undefined, AbortSignal.timeout(5_000))) {
      expect(news).toEqual(progress(1));
      break;
    }
    gone.reject(new Error('cancelled'));
    // Vitest fails the run for an unhandled rejection, which would come a turn later.
    await new Promise(setImmediate);
  });
});
