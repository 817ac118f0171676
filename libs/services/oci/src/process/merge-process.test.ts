import { describe, expect, it } from 'vitest';
import { mergeProcess, type ProcessRequest } from './merge-process.ts';

const request = (changes: Partial<ProcessRequest> = {}): ProcessRequest => ({
  image: { entrypoint: ['/entry'], cmd: ['arg'], env: [], workingDir: '' },
  command: [],
  args: [],
  env: [],
  workingDir: '',
  terminal: false,
  hostname: '',
  ...changes,
});
const image = (changes: Partial<ProcessRequest['image']>): Partial<ProcessRequest> => ({
  image: { ...request().image, ...changes },
});

describe('mergeProcess', () => {
  it.each<[string, Partial<ProcessRequest>, readonly string[]]>([
    ["the image's entrypoint and cmd", {}, ['/entry', 'arg']],
    ["the image's cmd alone", image({ entrypoint: [] }), ['arg']],
    ['args in place of the cmd', { args: ['x'] }, ['/entry', 'x']],
    ['a command in place of both', { command: ['/c'] }, ['/c']],
    ['a command with its args', { command: ['/c'], args: ['x', 'y'] }, ['/c', 'x', 'y']],
    [
      'args alone, where the image has nothing',
      { ...image({ entrypoint: [], cmd: [] }), args: ['x'] },
      ['x'],
    ],
  ])('runs %s', (_sentence, changes, args) => expect(mergeProcess(request(changes)).args).toEqual(args));

  it('refuses to run nothing', () => {
    expect(() => mergeProcess(request(image({ entrypoint: [], cmd: [] })))).toThrow(/no command is given/);
  });

  it("has each variable once: defaults, then the image's, then the request's, the last value at the first place", () => {
    const { env } = mergeProcess(
      request({
        ...image({ env: ['A=1', 'PATH=/image', 'B=2', 'C=x=y', 'A=3', 'broken', '=alone'] }),
        env: [
          { name: 'B', value: '' },
          { name: 'D', value: 'new\nline' },
        ],
        terminal: true,
        hostname: 'web',
      }),
    );
    expect(env).toEqual(['PATH=/image', 'TERM=xterm', 'HOSTNAME=web', 'A=3', 'B=', 'C=x=y', 'D=new\nline']);
  });

  it('sets a PATH, and neither TERM nor HOSTNAME without reason', () => {
    expect(mergeProcess(request()).env).toEqual([
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ]);
  });

  it.each<[string, string, string]>([
    ['', '', '/'],
    ['', '/image', '/image'],
    ['/asked', '/image', '/asked'],
    ['', 'relative/dir/', '/relative/dir'],
    ['/a/../b', '', '/b'],
  ])('with "%s" asked and "%s" in the image works in %s', (workingDir, inImage, cwd) => {
    expect(mergeProcess(request({ ...image({ workingDir: inImage }), workingDir })).cwd).toBe(cwd);
  });

  it.each<[string, Partial<ProcessRequest>]>([
    ['an argument', { args: ['a\0b'] }],
    ['a variable', { env: [{ name: 'A', value: '\0' }] }],
    ['the working directory', { workingDir: '/a\0' }],
  ])('refuses a NUL byte in %s', (_sentence, changes) => {
    expect(() => mergeProcess(request(changes))).toThrow(/NUL byte/);
  });

  it.each(['', 'A=B'])('refuses the variable name "%s"', (name) => {
    expect(() => mergeProcess(request({ env: [{ name, value: '' }] }))).toThrow(/can't be the name/);
  });
});
