export { DockerBackend, type DockerBackendDependencies } from './docker-backend.ts';
export type { DockerImageParts, DockerImages, DockerLayer } from './images/docker-images.ts';
export { type DockerOptions, dockerOptions, type DockerPlacement } from './options.ts';
