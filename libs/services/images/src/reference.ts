import { RuntimeError } from '@crihub/kernel';
import { type Digest, digestOfHex, isDigest } from './digest.ts';

/** An image by the digest of its config, as `crictl` prints it; it can't be pulled. */
export interface IdReference {
  readonly kind: 'id';
  readonly id: Digest;
  /** The canonical form, which parses to the same reference. */
  readonly text: string;
}

/** An image by name, as a registry knows it. */
export interface NameReference {
  readonly kind: 'name';
  /** The registry's host with its port, if any: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** The repository within the registry: `library/nginx`. */
  readonly path: string;
  /** `domain/path`. */
  readonly repository: string;
  /** What to fetch. Where the text has a tag and a digest, the digest counts. */
  readonly target:
    { readonly kind: 'tag'; readonly tag: string } | { readonly kind: 'digest'; readonly digest: Digest };
  /** The canonical form: with domain, and with tag or digest. */
  readonly text: string;
}

export type Reference = IdReference | NameReference;

const DEFAULT_DOMAIN = 'docker.io';
const MAX_REPOSITORY_LENGTH = 255;
const BARE_ID = /^[0-9a-f]{64}$/;
const DOMAIN_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = new RegExp(`^(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const PATH_COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;

/**
 * Reads an image reference as Docker and containerd do: `nginx` is `docker.io/library/nginx:latest`,
 * 64 hex digits are an image id. Grammar: distribution/reference.
 * @throws InvalidArgument saying which part is wrong.
 */
export function parseReference(text: string): Reference {
  if (BARE_ID.test(text)) return idReference(digestOfHex(text));
  if (isDigest(text)) return idReference(text);
  const { name, tag, digest } = split(text);
  const { domain, path } = splitDomain(name);
  const repository = `${domain}/${path}`;
  if (!DOMAIN.test(domain)) throw invalid(text, `"${domain}" is not a registry host`);
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    throw invalid(text, `the name is longer than ${String(MAX_REPOSITORY_LENGTH)} characters`);
  }
  const wrong = path.split('/').find((component) => !PATH_COMPONENT.test(component));
  if (wrong !== undefined) throw invalid(text, describeComponent(wrong));
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `"${tag}" is not a tag`);
  if (digest !== undefined) {
    if (!isDigest(digest)) throw invalid(text, `"${digest}" is not a sha256 digest`);
    const target = { kind: 'digest', digest } as const;
    return { kind: 'name', domain, path, repository, target, text: `${repository}@${digest}` };
  }
  const target = { kind: 'tag', tag: tag ?? 'latest' } as const;
  return { kind: 'name', domain, path, repository, target, text: `${repository}:${target.tag}` };
}

const idReference = (id: Digest): IdReference => ({ kind: 'id', id, text: id });

function split(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@');
  const beforeDigest = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const colon = beforeDigest.lastIndexOf(':');
  // A colon before the last slash belongs to the port.
  if (colon < 0 || colon < beforeDigest.lastIndexOf('/'))
    return { name: beforeDigest, tag: undefined, digest };
  return { name: beforeDigest.slice(0, colon), tag: beforeDigest.slice(colon + 1), digest };
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  const domain = isDomain ? first : DEFAULT_DOMAIN;
  const path = isDomain ? name.slice(slash + 1) : name;
  if (domain !== DEFAULT_DOMAIN && domain !== 'index.docker.io') return { domain, path };
  return { domain: DEFAULT_DOMAIN, path: path.includes('/') ? path : `library/${path}` };
}

function describeComponent(component: string): string {
  if (component === '') return 'a part of the name is empty';
  if (component !== component.toLowerCase()) return `"${component}" must be lower case`;
  return `"${component}" must be letters and digits, separated by ".", "_", "__" or "-"`;
}

const invalid = (text: string, why: string): RuntimeError =>
  new RuntimeError('InvalidArgument', `image reference "${text.slice(0, 300)}" is not valid: ${why}`);
