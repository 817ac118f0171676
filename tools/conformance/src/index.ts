export {
  builtContainerd,
  type ContainerdLine,
  goProgram,
  GoMissingError,
  type GoProgram,
} from './go-programs.ts';
