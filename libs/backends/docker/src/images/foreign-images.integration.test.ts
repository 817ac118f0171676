import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLineOf } from '@crihub/linux';
import { BusyboxImages } from '@crihub/service-sandbox/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DockerRig } from '../testing/docker-rig.ts';
import { runContainer, runPod, soon } from '../testing/pod-run.ts';
import { TestEngine } from '../testing/test-engine.ts';
import { imageArchive } from './image-archive.ts';
import { imageName } from './docker-image-store.ts';

/** As somebody else names them, who uses the engine beside us. */
const THEIRS = 'example.org/theirs:1';
const THEIR_PAUSE = 'example.org/their-pause:1';

let directory: string;
let images: BusyboxImages;
let engine: TestEngine;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-foreign-'));
  images = await BusyboxImages.make(directory);
  engine = await TestEngine.start();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

it('what somebody else pulled into the engine is used, and is left when the hub removes the image', async () => {
  await using rig = await DockerRig.start({ engine, images });
  const theirs = engine.client().images;
  await theirs.load(imageArchive(await images.parts(images.id), THEIRS), soon());
  const before = images.handedOver;
  const sandbox = await runPod(rig);
  await runContainer(rig, sandbox, 'sleep 1000');
  expect(images.handedOver).toBe(before);
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  await rig.backend.imageCopies.remove(images.id, soon());
  expect(await theirs.find(imageName(images.id), soon())).toBeUndefined();
  expect(await theirs.find(THEIRS, soon())).toBe(images.id);
  expect(await rig.leaks()).toEqual([]);
});

it('an image of the operator is the one of infra containers, if the engine has it', async () => {
  await using rig = await DockerRig.start({ engine, images }, { sandboxImage: THEIR_PAUSE });
  const sandbox = await rig.makeSandbox();
  await expect(rig.backend.sandboxes.prepare(sandbox, soon())).rejects.toMatchObject({
    kind: 'FailedPrecondition',
    message: expect.stringContaining(`pull it there, or leave sandboxImage out`) as unknown,
  });
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  const { config, layers } = await images.parts(images.id);
  const entrypoint = ['/bin/sleep', '1000'];
  const pause = { ...(JSON.parse(config.toString()) as object), config: { Entrypoint: entrypoint } };
  const parts = { config: Buffer.from(JSON.stringify(pause)), layers };
  await engine.client().images.load(imageArchive(parts, THEIR_PAUSE), soon());
  await rig.backend.sandboxes.prepare(sandbox, soon());
  const { pid = 0 } = await rig.backend.sandboxes.start(sandbox, undefined, soon());
  expect(await commandLineOf(pid)).toEqual(entrypoint);
  await rig.backend.sandboxes.remove(sandbox.id, soon());
  expect(await rig.leaks()).toEqual([]);
});
