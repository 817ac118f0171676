import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { runBackendContract } from '@crihub/contract-testkit';
import { BusyboxImages } from '@crihub/service-sandbox/testing';
import { newerDocker } from '@crihub/tool-fixtures';
import { DockerRig } from './testing/docker-rig.ts';
import { TestEngine, type TestEngineOptions } from './testing/test-engine.ts';

describe("on the machine's engine", () => {
  runOn({});
});

const newer = await newerDocker();
if (typeof newer === 'string') it.skip(newer, () => undefined);
else {
  describe(`on Docker Engine ${newer.version}`, () => {
    runOn({ programs: newer.programs });
  });
}

function runOn(options: TestEngineOptions): void {
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
