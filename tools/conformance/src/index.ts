export { goProgram, GoMissingError, type GoProgram } from './go-programs.ts';
