export { goProgram, GoMissingError, type GoProgram, upstreamContainerd } from './go-programs.ts';
