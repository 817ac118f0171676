export { GuestContainers } from './guest/guest-containers.ts';
