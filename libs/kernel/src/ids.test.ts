import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isFullId, newContainerId, newSandboxId, parseContainerId, parseSandboxId, shortId } from './ids.ts';

it('makes ids of 64 hex digits that never repeat', () => {
  const ids = Array.from({ length: 500 }, (_, index) =>
    index % 2 === 0 ? newSandboxId() : newContainerId(),
  );
  expect(new Set(ids).size).toBe(500);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
});

it('takes back what it has made, and shows its beginning', () => {
  const id = newSandboxId();
  expect(parseSandboxId(id)).toBe(id);
  expect(parseContainerId(id)).toBe(id);
  expect(shortId(id)).toBe(id.slice(0, 13));
});

it.each([
  ['a prefix', 'a'.repeat(13)],
  ['one digit more', 'a'.repeat(65)],
  ['capital letters', 'A'.repeat(64)],
  ['a line end', `${'a'.repeat(64)}\n`],
  ['a path', `../${'a'.repeat(61)}`],
  ['nothing', ''],
])('refuses %s', (_sentence, text) => {
  expect([isFullId(text), parseSandboxId(text), parseContainerId(text)]).toEqual([
    false,
    undefined,
    undefined,
  ]);
});

it('takes no other text for an id', () => {
  fc.assert(fc.property(fc.string(), (text) => isFullId(text) === /^[0-9a-f]{64}$/.test(text)));
});
