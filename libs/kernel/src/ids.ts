import { randomBytes } from 'node:crypto';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** 64 hex digits, made by the hub. It says nothing about the backend. */
export type SandboxId = Branded<'SandboxId'>;
/** 64 hex digits, made by the hub. */
export type ContainerId = Branded<'ContainerId'>;

const FULL_ID = /^[0-9a-f]{64}$/;

export const newSandboxId = (): SandboxId => randomId() as SandboxId;
export const newContainerId = (): ContainerId => randomId() as ContainerId;

/** True for a whole id; a prefix, or anything else from outside, is not one. */
export const isFullId = (text: string): boolean => FULL_ID.test(text);

/** Takes back an id that the hub wrote itself (database, label, file name); `undefined` for anything else. */
export const parseSandboxId = (text: string): SandboxId | undefined =>
  isFullId(text) ? (text as SandboxId) : undefined;
export const parseContainerId = (text: string): ContainerId | undefined =>
  isFullId(text) ? (text as ContainerId) : undefined;

/** The first 13 digits, as people and `crictl` show ids. */
export const shortId = (id: string): string => id.slice(0, 13);

const randomId = (): string => randomBytes(32).toString('hex');
