import { describe, expect, it } from 'vitest';
import { RuntimeError } from '@crihub/kernel';
import {
  CreateContainerRequest,
  CreateContainerResponse,
  ExecSyncRequest,
  ExecSyncResponse,
  PullImageRequest,
  PullImageResponse,
  RunPodSandboxRequest,
  RunPodSandboxResponse,
  ImageServiceService,
  RuntimeServiceService,
} from '@crihub/wire/cri';
import { RecordingLogger } from '@crihub/kernel/testing';
import { logCall } from './call-log.ts';
import type { CallCode } from './call-observer.ts';
import { identifiersIn } from './identifiers.ts';
import { ask, TestServer } from './testing/test-server.ts';

describe('the log line of a call', () => {
  it.each<[string, CallCode, string]>([
    ['RunPodSandbox', 'OK', 'info'],
    ['UpdateRuntimeConfig', 'OK', 'info'],
    ['ReopenContainerLog', 'OK', 'info'],
    ['PullImage', 'OK', 'info'],
    ['ExecSync', 'OK', 'debug'],
    ['Version', 'OK', 'trace'],
    ['Status', 'OK', 'trace'],
    ['ContainerStatus', 'OK', 'trace'],
    ['PodSandboxStats', 'OK', 'trace'],
    ['ListPodSandboxMetrics', 'OK', 'trace'],
    ['StreamImages', 'OK', 'trace'],
    ['Handlers', 'OK', 'trace'],
    ['Audit', 'OK', 'info'],
    ['LoadImages', 'OK', 'info'],
    ['ContainerStatus', 'NotFound', 'debug'],
    ['StartContainer', 'NotFound', 'warn'],
    ['GetContainerEvents', 'Cancelled', 'trace'],
    ['PullImage', 'Cancelled', 'info'],
    ['RunPodSandbox', 'Unavailable', 'warn'],
    ['ListContainers', 'Internal', 'error'],
  ])('of %s that ended with %s has level %s', (method, code, level) => {
    const logger = new RecordingLogger();
    logCall(logger, method, code, { ms: 3 });
    const message = code === 'OK' ? 'call served' : 'call failed';
    expect(logger.lines).toEqual([{ level, message, fields: { method, code, ms: 3 } }]);
  });

  it('names what the call was about, from request and response', async () => {
    await using test = await TestServer.start({
      runtime: { RunPodSandbox: async () => RunPodSandboxResponse.create({ podSandboxId: 'abc' }) },
    });
    const metadata = { namespace: 'shop', name: 'cart-1', uid: 'u' };
    const request = RunPodSandboxRequest.create({ config: { metadata }, runtimeHandler: 'kata' });
    await ask(test.runtime, RuntimeServiceService.runPodSandbox, request);
    expect(test.logger.lines).toEqual([
      {
        level: 'info',
        message: 'call served',
        fields: {
          method: 'RunPodSandbox',
          code: 'OK',
          namespace: 'shop',
          name: 'cart-1',
          handler: 'kata',
          sandbox: 'abc',
          ms: expect.any(Number) as number,
        },
      },
    ]);
  });

  it('carries no credentials, commands, environment or output, whether the call succeeds or fails', async () => {
    const secret = 'hunter2';
    await using test = await TestServer.start({
      runtime: {
        ExecSync: async () => ExecSyncResponse.create({ stdout: Buffer.from(secret) }),
        CreateContainer: async () => CreateContainerResponse.create({ containerId: 'c' }),
      },
      image: {
        PullImage: async ({ image }) => {
          if (image?.image === 'bad') throw new RuntimeError('PermissionDenied', 'the registry refused');
          return PullImageResponse.create({ imageRef: 'sha256:1' });
        },
      },
    });
    const auth = {
      username: secret,
      password: secret,
      auth: secret,
      identityToken: secret,
      registryToken: secret,
    };
    const pull = (image: string) =>
      ask(test.image, ImageServiceService.pullImage, PullImageRequest.create({ image: { image }, auth }));
    await pull('docker.io/library/x');
    await expect(pull('bad')).rejects.toMatchObject({ details: 'the registry refused' });
    await ask(
      test.runtime,
      RuntimeServiceService.execSync,
      ExecSyncRequest.create({ containerId: 'c', cmd: [secret] }),
    );
    await ask(
      test.runtime,
      RuntimeServiceService.createContainer,
      CreateContainerRequest.create({
        podSandboxId: 's',
        config: {
          envs: [{ key: 'PASSWORD', value: Buffer.from(secret) }],
          args: [secret],
          labels: { a: secret },
        },
      }),
    );
    expect(test.logger.lines.map(({ fields }) => [fields['method'], fields['code']])).toEqual([
      ['PullImage', 'OK'],
      ['PullImage', 'PermissionDenied'],
      ['ExecSync', 'OK'],
      ['CreateContainer', 'OK'],
    ]);
    expect(JSON.stringify(test.logger.lines)).not.toContain(secret);
  });
});

describe('identifiersIn', () => {
  it.each([
    ['nothing', undefined, {}],
    ['a message without identifiers', { verbose: true }, {}],
    ['empty identifiers', { podSandboxId: '', containerId: '' }, {}],
    ['an identifier that is no text', { podSandboxId: { id: 'x' } }, {}],
    ['a container', { containerId: 'c', timeout: 3n }, { container: 'c' }],
    ['an image', { image: { image: 'nginx' } }, { image: 'nginx' }],
    ['an endless reference', { image: { image: 'x'.repeat(5000) } }, { image: 'x'.repeat(256) }],
  ])('finds what there is in %s', (_, message, expected) => {
    expect(identifiersIn(message)).toEqual(expected);
  });
});
