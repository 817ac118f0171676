import type { HeaderFields } from './header-block.ts';

/** Numbers of the control frames (SPDY/3, 2.6). */
export const FRAME_TYPE = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** Why a stream is reset (SPDY/3, 2.6.3). */
export const RESET_STATUS = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
} as const;

/** Why a connection ends (SPDY/3, 2.6.6). */
export const GO_AWAY_STATUS = { ok: 0, protocolError: 1 } as const;

export const SPDY_VERSION = 3;
export const FRAME_HEADER_BYTES = 8;
export const FLAG_FIN = 0x01;
export const FLAG_UNIDIRECTIONAL = 0x02;
/** The setting that tells how much may be sent on a new stream (SPDY/3, 2.6.4). */
export const SETTING_INITIAL_WINDOW = 7;
export const MAX_STREAM_ID = 0x7fff_ffff;

export type ControlFrame =
  | {
      readonly type: 'synStream';
      readonly streamId: number;
      readonly headers: HeaderFields;
      readonly fin: boolean;
      /** The side that answers sends nothing. */
      readonly unidirectional: boolean;
    }
  | {
      readonly type: 'synReply';
      readonly streamId: number;
      readonly headers: HeaderFields;
      readonly fin: boolean;
    }
  | {
      readonly type: 'headers';
      readonly streamId: number;
      readonly headers: HeaderFields;
      readonly fin: boolean;
    }
  | { readonly type: 'rstStream'; readonly streamId: number; readonly status: number }
  | { readonly type: 'settings'; readonly initialWindow: number | undefined }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goAway'; readonly lastStreamId: number; readonly status: number }
  /** Stream 0 stands for the connection (SPDY/3.1). */
  | { readonly type: 'windowUpdate'; readonly streamId: number; readonly delta: number };

/** A piece of a data frame, as it arrived; `fin` is with the last piece alone. */
export interface DataPiece {
  readonly type: 'data';
  readonly streamId: number;
  readonly payload: Buffer;
  readonly fin: boolean;
}

export type Frame = ControlFrame | DataPiece;
