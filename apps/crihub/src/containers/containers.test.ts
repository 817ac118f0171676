import { describe, expect, it } from 'vitest';
import {
  Container as CriContainer,
  ContainerState,
  PodSandbox,
  PodSandboxState,
  PodSandboxStatusResponse,
} from '@crihub/wire/cri';
import { describePod } from '../pods/pod-info.ts';
import { type Container, describeContainer } from './container-info.ts';
import { chooseContainer } from './find-container.ts';

const container = (overrides: Partial<Container>): Container => ({
  name: 'web',
  pod: 'shop',
  namespace: 'default',
  podId: 'p1',
  image: 'app:1',
  imageId: 'sha256:1',
  attempt: 0,
  state: 'Running',
  createdAt: 1n,
  id: 'aaaa1111',
  ...overrides,
});

describe('the container that is meant by', () => {
  const first = container({ id: 'aaaa1111', state: 'Exited' });
  const second = container({ id: 'aaaa2222', attempt: 1 });
  const other = container({ id: 'bbbb1111', pod: 'blog', podId: 'p2', state: 'Exited' });
  const named = container({ id: 'cccc1111', name: 'bbbb' });
  const all = [first, second, other, named];

  it.each<[string, string, Container]>([
    ["an id's beginning", 'aaaa1', first],
    ['a whole id', 'bbbb1111', other],
    ["the pod's and its name: the newest attempt", 'shop/web', second],
    ['a name that two pods have: the one that runs', 'web', second],
    ['a name that looks like an id', 'bbbb', named],
  ])('%s', (_sentence, text, expected) => {
    expect(chooseContainer(all, text)).toBe(expected);
  });

  it.each<[string, readonly Container[], string, string, RegExp]>([
    ['nothing that exists', all, 'db', 'NotFound', /no container 'db'; 'crihub ps -a'/],
    ['an empty text', all, '', 'InvalidArgument', /aaaa1111/],
    [
      'the name of two that run',
      [second, { ...other, state: 'Running' }],
      'web',
      'InvalidArgument',
      /shop\/web \(aaaa2222\), blog\/web \(bbbb1111\)/,
    ],
  ])('%s is refused', (_sentence, containers, text, kind, message) => {
    expect(() => chooseContainer(containers, text)).toThrow(expect.objectContaining({ kind }));
    expect(() => chooseContainer(containers, text)).toThrow(message);
  });
});

describe('what the daemon tells of', () => {
  it('a container', () => {
    const told = CriContainer.create({
      id: 'c1',
      podSandboxId: 'p1',
      metadata: { name: 'web', attempt: 2 },
      image: { image: 'sha256:1', userSpecifiedImage: 'app:1' },
      imageId: 'sha256:1',
      state: ContainerState.CONTAINER_EXITED,
      createdAt: 5n,
    });
    const pod = PodSandbox.create({ id: 'p1', metadata: { name: 'shop', namespace: 'default' } });
    const expected = {
      name: 'web',
      pod: 'shop',
      namespace: 'default',
      image: 'app:1',
      state: 'Exited',
      attempt: 2,
    };
    expect(describeContainer(told, pod)).toMatchObject(expected);
    expect(describeContainer(told, undefined)).toMatchObject({ name: 'web', pod: '', namespace: '' });
  });

  const row = PodSandbox.create({
    id: 'p1',
    metadata: { name: 'shop', namespace: 'default', uid: 'u', attempt: 0 },
    state: PodSandboxState.SANDBOX_READY,
    runtimeHandler: '',
  });

  it('a pod: the handler that it was given, though it asked for none', () => {
    const answer = PodSandboxStatusResponse.create({
      status: { network: { ip: '10.0.0.2', additionalIps: [{ ip: 'fd00::2' }] } },
      info: { info: '{"handler":"runc"}' },
    });
    const expected = { handler: 'runc', state: 'Ready', ips: ['10.0.0.2', 'fd00::2'] };
    expect(describePod(row, answer)).toMatchObject(expected);
  });

  it.each([
    ['that has gone meanwhile', undefined],
    ['of another runtime', PodSandboxStatusResponse.create({ info: { info: 'no JSON' } })],
    ['of a runtime that tells something else', PodSandboxStatusResponse.create({ info: { info: 'null' } })],
  ])('a pod %s', (_sentence, answer) => {
    expect(describePod(row, answer)).toMatchObject({ name: 'shop', handler: '', ips: [] });
  });
});
