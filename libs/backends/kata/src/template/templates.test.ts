import { expect, it } from 'vitest';
import { surplusTemplates } from './templates.ts';

it.each([
  { sentence: 'none, while there is room', all: ['a', 'b'], asked: ['a'], surplus: [] },
  {
    sentence: 'none of an earlier daemon, while there is room',
    all: ['a', 'b', 'c', 'd'],
    asked: ['d'],
    surplus: [],
  },
  {
    sentence: 'those of an earlier daemon first',
    all: ['a', 'b', 'c', 'd', 'e'],
    asked: ['a', 'c', 'd', 'e'],
    surplus: ['b'],
  },
  {
    sentence: 'then that asked for longest ago',
    all: ['a', 'b', 'c', 'd', 'e'],
    asked: ['d', 'a', 'c', 'b', 'e'],
    surplus: ['d'],
  },
])('too many templates are $sentence', ({ all, asked, surplus }) => {
  expect(surplusTemplates(all, asked)).toEqual(surplus);
});
