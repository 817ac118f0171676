export {
  builtContainerd,
  builtDocker,
  type ContainerdLine,
  goProgram,
  GoMissingError,
  type GoProgram,
  unlessGoIsMissing,
} from './go-programs.ts';
