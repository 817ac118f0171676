export {
  builtContainerd,
  builtDocker,
  type ContainerdLine,
  goProgram,
  GoMissingError,
  type GoProgram,
} from './go-programs.ts';
