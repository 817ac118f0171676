import { expect, it } from 'vitest';
import { machineUser } from './machine-user.ts';

it.each([
  ['00000000-1111-4222-8333-444444444444', 1_900_000_000],
  ['00000aff-1111-4222-8333-444444444444', 1_900_000_010],
  ['ffffffff-1111-4222-8333-444444444444', 1_916_777_215],
])('gives machine %s a user of its own', (id, user) => {
  expect(machineUser(id)).toBe(user);
});
