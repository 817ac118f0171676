export { QmpConnection } from './qmp-connection.ts';
