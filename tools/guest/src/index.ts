export { buildGuest, GUEST_DIRECTORY } from './build.ts';
