/**
 * The engine lets go of a terminal at a sequence of keys, ctrl-p ctrl-q if it is told none; a process must
 * get every key, so the sequence is one that nobody types.
 */
export const NO_DETACH_KEYS = Array.from({ length: 16 }, () => 'ctrl-^').join(',');
