import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generate, textFiles } from '../../testing/compile.ts';
import { Handler } from './index.ts';

describe('crihub/admin/v1/admin.proto', () => {
  it('is what the generated code was made from', async () => {
    const [fresh, checkedIn] = await Promise.all([
      generate('admin/proto'),
      textFiles(join(import.meta.dirname, 'generated')),
    ]);
    expect(fresh.size).toBe(1);
    expect(checkedIn).toEqual(fresh);
  });
});

describe('the codec', () => {
  it('keeps a capability that is known to be absent apart from one that is not known', () => {
    const handler = Handler.create({ name: 'crun', capabilities: { privileged: true, devices: false } });
    const read = Handler.decode(Handler.encode(handler).finish());
    expect(read.capabilities).toEqual({ privileged: true, devices: false });
  });
});
