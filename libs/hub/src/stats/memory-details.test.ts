import { describe, expect, it } from 'vitest';
import { parseMemoryDetails, readMemoryDetails } from './memory-details.ts';

const V1 =
  'pgfault 10\npgmajfault 1\ninactive_anon 3\nactive_file 4\ntotal_pgfault 30\ntotal_inactive_anon 33\ntotal_active_anon 22\ntotal_inactive_file 55\ntotal_active_file 44\n';
const V2 =
  'anon 9\ninactive_anon 3\nactive_anon 2\ninactive_file 5\nactive_file 4\npgfault 10\npgmajfault 1\nanon_thp 6\nfile_thp 7\nshmem_thp 8\n';

describe('memory.stat', () => {
  it('v1: the totals with descendants, and the faults without', () => {
    expect(parseMemoryDetails(V1, 'v1')).toEqual({
      activeFile: 44,
      inactiveFile: 55,
      activeAnonymous: 22,
      inactiveAnonymous: 33,
      anonymousHugepages: undefined,
      sharedHugepages: undefined,
      fileHugepages: undefined,
      ownPageFaults: 10,
      ownMajorPageFaults: 1,
    });
  });

  it('v2: transparent huge pages too', () => {
    expect(parseMemoryDetails(V2, 'v2')).toMatchObject({
      activeFile: 4,
      inactiveAnonymous: 3,
      anonymousHugepages: 6,
      fileHugepages: 7,
      sharedHugepages: 8,
    });
  });

  it('a cgroup that is gone has none', async () => {
    expect(await readMemoryDetails({ version: 'v2', read: async () => undefined }, '/gone')).toBeUndefined();
  });
});
