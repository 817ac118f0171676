import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { namesOfNode } from './names-of-node.ts';

it('begins with the host’s name, and has each name and address once, without brackets', () => {
  const names = namesOfNode('127.0.0.1', 'https://[fd00::1]:10010');
  expect(names[0]).toBe(hostname());
  expect(names).toEqual(expect.arrayContaining(['127.0.0.1', 'fd00::1', 'localhost']));
  expect(new Set(names).size).toBe(names.length);
});
