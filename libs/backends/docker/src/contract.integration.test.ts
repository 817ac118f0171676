import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { runBackendContract } from '@crihub/contract-testkit';
import { BusyboxImages } from './testing/busybox-image.ts';
import { DockerRig } from './testing/docker-rig.ts';
import { TestEngine } from './testing/test-engine.ts';

let directory: string;
let engine: TestEngine;
let images: BusyboxImages;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'crihub-image-'));
  images = await BusyboxImages.make(directory);
  engine = await TestEngine.start();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

runBackendContract('docker', () => DockerRig.start({ engine, images }));
