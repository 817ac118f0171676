export { Tracing, type TracingOptions } from './tracing.ts';
