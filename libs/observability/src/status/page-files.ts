import { readFile } from 'node:fs/promises';

/** The page's files by the path that they are served at; read anew each time, which is seldom. */
const FILES: Readonly<Record<string, { readonly url: URL; readonly type: string }>> = {
  '/': { url: new URL('./page/index.html', import.meta.url), type: 'text/html; charset=utf-8' },
  '/page.css': { url: new URL('./page/page.css', import.meta.url), type: 'text/css; charset=utf-8' },
  '/page.js': { url: new URL('./page/page.js', import.meta.url), type: 'text/javascript; charset=utf-8' },
};

/** Nothing but the page's own files runs in it, and no other page frames it. */
export const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** A report has its style and its plots in itself, and runs nothing; the page frames it. */
export const REPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/** @returns undefined if the page has no such file. */
export async function readPageFile(
  path: string,
): Promise<{ readonly type: string; readonly body: Buffer } | undefined> {
  const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  return file && { type: file.type, body: await readFile(file.url) };
}
