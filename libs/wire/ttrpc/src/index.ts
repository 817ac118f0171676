/** The messages of ttrpc with their codecs. */
export { Request, Response } from './generated/ttrpc/ttrpc.ts';
