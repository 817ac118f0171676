export { buildGuest, GUEST_DIRECTORY } from './build.ts';
export { guestOf } from './guest-of.ts';
