const FILE = /<!-- file: (\S+) -->\s*```ts\n([\s\S]*?)\n```/g;

/** The files that a page of the documentation holds whole, by their paths. */
export const docFiles = (page: string): ReadonlyMap<string, string> =>
  new Map([...page.matchAll(FILE)].map(([, path = '', text = '']) => [path, `${text}\n`]));
