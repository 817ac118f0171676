import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { sleep } from '@crihub/kernel';

const NORMAL_CLOSURE = 1000;
/** Time for the other side to say goodbye too, in ms. */
const GOODBYE_MS = 2_000;

/** Says goodbye and closes; what was sent before still arrives. Bounded, and repeatable. */
export async function closeWebSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.CLOSED) return;
  const closed = once(socket, 'close').catch(() => undefined); // closed is closed
  socket.close(NORMAL_CLOSURE);
  if (socket.isPaused) socket.resume();
  await Promise.race([closed, sleep(GOODBYE_MS)]);
  socket.terminate();
}
