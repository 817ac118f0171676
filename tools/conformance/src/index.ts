export { goProgram, GoMissingError } from './go-programs.ts';
