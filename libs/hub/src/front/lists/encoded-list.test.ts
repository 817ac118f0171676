import { ListPodSandboxResponse, PodSandbox } from '@crihub/wire/cri';
import { describe, expect, it } from 'vitest';
import { EncodedList } from './encoded-list.ts';

const rows = (count: number): { id: string }[] =>
  Array.from({ length: count }, (_, index) => ({ id: String(index).padStart(64, '0') }));

describe('EncodedList', () => {
  it.each([0, 1, 3])('decodes to %i items', (count) => {
    const list = new EncodedList<{ id: string }>((row) => PodSandbox.encode(PodSandbox.create(row)).finish());
    const { items } = ListPodSandboxResponse.decode(list.response(rows(count)).bytes);
    expect(items.map(({ id }) => id)).toEqual(rows(count).map(({ id }) => id));
  });

  it('encodes a row once, and one longer than 127 bytes rightly', () => {
    let encodings = 0;
    const list = new EncodedList<{ id: string }>((row) => {
      encodings += 1;
      return PodSandbox.encode(PodSandbox.create({ id: row.id, labels: { a: 'x'.repeat(20_000) } })).finish();
    });
    const some = rows(2);
    list.response(some);
    expect(ListPodSandboxResponse.decode(list.response(some).bytes).items).toHaveLength(2);
    expect(encodings).toBe(2);
  });

  it('streams each item exactly once', () => {
    const list = new EncodedList<{ id: string }>((row) => PodSandbox.encode(PodSandbox.create(row)).finish());
    const chunks = [...list.chunks(rows(1201))].map(
      ({ bytes }) => ListPodSandboxResponse.decode(bytes).items,
    );
    expect(chunks.map((chunk) => chunk.length)).toEqual([500, 500, 201]);
    expect(new Set(chunks.flat().map(({ id }) => id)).size).toBe(1201);
  });
});
