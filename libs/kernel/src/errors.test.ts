import { expect, it } from 'vitest';
import {
  describeError,
  ERROR_KINDS,
  errnoCode,
  type ErrorKind,
  isRuntimeError,
  kindOf,
  reasonOf,
  RuntimeError,
} from './errors.ts';

const wrap = (cause: unknown): Error => new Error('outer', { cause });
const circular = new Error('snake');
circular.cause = circular;

it.each<[string, unknown, ErrorKind]>([
  ['a runtime error', new RuntimeError('NotFound', 'x'), 'NotFound'],
  ['one that was wrapped twice', wrap(wrap(new RuntimeError('Unavailable', 'x'))), 'Unavailable'],
  [
    'the nearest of two',
    new RuntimeError('Internal', 'x', { cause: new RuntimeError('NotFound', 'y') }),
    'Internal',
  ],
  ['an abort', wrap(new DOMException('x', 'AbortError')), 'Cancelled'],
  ['a timeout', AbortSignal.abort(new DOMException('x', 'TimeoutError')).reason, 'DeadlineExceeded'],
  ['any other error', new TypeError('x'), 'Internal'],
  ['no error', 'text', 'Internal'],
  ['nothing', undefined, 'Internal'],
  ['an error that is its own cause', circular, 'Internal'],
])('kindOf: %s', (_sentence, error, kind) => {
  expect(kindOf(error)).toBe(kind);
});

it.each<[string, unknown, string]>([
  [
    'the whole chain, outermost first',
    new Error('a', { cause: new Error('b', { cause: new Error('c') }) }),
    'a: b: c',
  ],
  ['a message that repeats its cause once', new Error('a: b', { cause: new Error('b') }), 'a: b'],
  ['a text', 'text', 'text'],
  ['nothing', undefined, 'undefined'],
  ['an error that is its own cause', circular, 'snake'],
])('describeError: %s', (_sentence, error, text) => {
  expect(describeError(error)).toBe(text);
});

it('carries what was done to what, and why', () => {
  const cause = new Error('ENOSPC');
  const error = new RuntimeError('Internal', 'disk is full', {
    operation: 'write',
    id: 'abc',
    reason: 'Full',
    cause,
  });
  expect(error).toMatchObject({
    name: 'RuntimeError',
    kind: 'Internal',
    operation: 'write',
    id: 'abc',
    cause,
  });
  expect(reasonOf(wrap(error))).toBe('Full');
  expect(reasonOf(wrap(cause))).toBeUndefined();
  expect('cause' in new RuntimeError('Internal', 'x')).toBe(false);
});

it('knows an error that another copy of this package made', () => {
  const foreign = Object.assign(new Error('x'), { kind: 'NotFound' });
  Object.defineProperty(foreign, Symbol.for('crihub.RuntimeError'), { value: true });
  expect(isRuntimeError(foreign)).toBe(true);
  expect(kindOf(foreign)).toBe('NotFound');
});

it.each([[new Error('x')], [{ kind: 'NotFound' }], [null], [undefined], ['RuntimeError']])(
  'takes %s for no runtime error',
  (value) => expect(isRuntimeError(value)).toBe(false),
);

it.each<[unknown, string | undefined]>([
  [Object.assign(new Error('x'), { code: 'ENOENT' }), 'ENOENT'],
  [Object.assign(new Error('x'), { code: 5 }), undefined],
  [new Error('x'), undefined],
  [null, undefined],
  ['ENOENT', undefined],
])('errnoCode of %s is %s', (error, code) => {
  expect(errnoCode(error)).toBe(code);
});

it('has each kind once', () => {
  expect(new Set(ERROR_KINDS).size).toBe(ERROR_KINDS.length);
});
