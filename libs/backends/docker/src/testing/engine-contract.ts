import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { runBackendContract } from '@crihub/contract-testkit';
import { BusyboxImages } from '@crihub/service-sandbox/testing';

import { DockerRig } from './docker-rig.ts';
import { TestEngine, type TestEngineOptions } from './test-engine.ts';

/** The contract kit, all of it on one engine. */
export function runEngineContract(options: TestEngineOptions): void {
  let directory: string;
  let engine: TestEngine;
  let images: BusyboxImages;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crihub-image-'));
    images = await BusyboxImages.make(directory);
    engine = await TestEngine.start(options);
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  runBackendContract('docker', () => DockerRig.start({ engine, images }));
}
