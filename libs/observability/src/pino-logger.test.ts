import { expect, it } from 'vitest';
import { PinoLogger } from './pino-logger.ts';

it('changes the level of a logger and its children at once', () => {
  const lines: string[] = [];
  const logger = PinoLogger.create({ level: 'warn', destination: { write: (line) => lines.push(line) } });
  const child = logger.child({ handler: 'runc' });
  child.info('unheard');
  logger.setLevel('debug');
  child.debug('heard', { ms: 1 });
  logger.setLevel('error');
  child.warn('unheard');
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({ level: 'debug', msg: 'heard', handler: 'runc', ms: 1 }),
  ]);
});
