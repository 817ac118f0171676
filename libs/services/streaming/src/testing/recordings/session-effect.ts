/** What the process of a session, or the port of a pod, experiences. */
export interface SessionEffect {
  /** What it reads. */
  readonly input: string;
  /** Whether it is told that no more comes, while the client is there. */
  readonly inputEnded: boolean;
  /** The size that its terminal has in the end, as columns and rows. */
  readonly size?: string;
  /** Whether it was killed, or let go of, when its client went. */
  readonly abandoned: boolean;
  /** What comes on each connection to a port, up to its end. */
  readonly connections: readonly string[];
}

const NOTHING: SessionEffect = { input: '', inputEnded: false, abandoned: false, connections: [] };

export const effect = (of: Partial<SessionEffect>): SessionEffect => ({ ...NOTHING, ...of });
