import { ProtocolError } from './protocol-error.ts';

/** What each side may send at first, on a stream and on the connection, in bytes (SPDY/3.1, 2.6.8). */
const DEFAULT_WINDOW = 64 * 1024;
const LARGEST_WINDOW = 2 ** 31 - 1;
/** The connection as a whole, in WINDOW_UPDATE. */
const CONNECTION = 0;

interface Window {
  /** What we may still send. */
  sendable: number;
  /** What the other side sent and was not granted again. */
  received: number;
  /** The part of it that has been read. */
  consumed: number;
}

/** More window that the other side is to be given. */
export interface Grant {
  readonly streamId: number;
  readonly delta: number;
}

/**
 * The windows of SPDY/3.1, as far as the other side has any: the kubelet's SPDY neither gives windows nor
 * heeds ours, and leaves it all to TCP. So what we send is limited from the first WINDOW_UPDATE or initial
 * window on, and windows are granted until more comes than was granted.
 */
export class FlowControl {
  readonly #windows = new Map<number, Window>([[CONNECTION, newWindow(DEFAULT_WINDOW)]]);
  #initialWindow = DEFAULT_WINDOW;
  #limitsUs = false;
  #heedsUs = true;

  open(streamId: number): void {
    this.#windows.set(streamId, newWindow(this.#initialWindow));
  }

  close(streamId: number): void {
    this.#windows.delete(streamId);
  }

  /** How many bytes may be sent on the stream now. */
  sendable(streamId: number): number {
    if (!this.#limitsUs) return LARGEST_WINDOW;
    return Math.max(0, Math.min(this.#window(streamId).sendable, this.#window(CONNECTION).sendable));
  }

  sent(streamId: number, bytes: number): void {
    for (const window of [this.#window(streamId), this.#window(CONNECTION)]) window.sendable -= bytes;
  }

  /** The other side grants more. @throws ProtocolError for nothing, or for more than a window can hold. */
  granted(streamId: number, delta: number): void {
    this.#limitsUs = true;
    const window = this.#windows.get(streamId);
    if (window === undefined) return; // for a stream that has just been closed
    window.sendable += delta;
    if (delta === 0 || window.sendable > LARGEST_WINDOW) {
      throw new ProtocolError(`WINDOW_UPDATE of ${String(delta)} for stream ${String(streamId)}`);
    }
  }

  /** The other side changes what every stream begins with, also of those that are open. */
  initialWindow(bytes: number): void {
    this.#limitsUs = true;
    for (const [streamId, window] of this.#windows) {
      if (streamId !== CONNECTION) window.sendable += bytes - this.#initialWindow;
    }
    this.#initialWindow = bytes;
  }

  received(streamId: number, bytes: number): void {
    for (const window of [this.#windows.get(streamId), this.#window(CONNECTION)]) {
      if (window === undefined) continue;
      window.received += bytes;
      if (window.received > DEFAULT_WINDOW) this.#heedsUs = false;
    }
  }

  /** What was received has been read, or thrown away. @returns what to grant for it now. */
  consumed(streamId: number, bytes: number): readonly Grant[] {
    if (!this.#heedsUs) return [];
    return [streamId, CONNECTION].flatMap((id) => {
      const window = this.#windows.get(id);
      if (window === undefined) return [];
      window.consumed += bytes;
      // Rarely and much at once, so that it costs little.
      if (window.consumed < DEFAULT_WINDOW / 2) return [];
      const delta = window.consumed;
      window.received -= delta;
      window.consumed = 0;
      return [{ streamId: id, delta }];
    });
  }

  #window(streamId: number): Window {
    return this.#windows.get(streamId) ?? newWindow(this.#initialWindow);
  }
}

const newWindow = (sendable: number): Window => ({ sendable, received: 0, consumed: 0 });
