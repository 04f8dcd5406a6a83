/** Protocol versions: those we speak, and what a server that rejects ours says about its own. */
import { ProtocolError, SdkHttpError, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/client';
import { AppError } from '../../contract/errors.ts';
import { reasonOf } from '../messages/reason.ts';

/** The version without sessions. */
export const STATELESS_VERSION = '2026-07-28';
/** The versions with sessions, newest first. */
export const SESSION_VERSIONS: readonly string[] = SUPPORTED_PROTOCOL_VERSIONS.filter(
  (version) => version < STATELESS_VERSION,
).sort((a, b) => b.localeCompare(a));

/** JSON-RPC code of a server that does not speak the version of a request (specification 2026-07-28). */
const UNSUPPORTED_VERSION = -32_022;
/** Where servers list their versions in the `data` of the error. */
const LIST_KEYS = [
  'supported',
  'supportedVersions',
  'supportedProtocolVersions',
  'supported_versions',
  'supported_protocol_versions',
  'versions',
];
const VERSION = /\b\d{4}-\d{2}-\d{2}\b/g;
const ABOUT_VERSIONS =
  /protocol[\s_-]*version|version[^.]{0,60}support|support[^.]{0,60}version|\d{4}-\d\d-\d\d[^.]{0,60}support|support[^.]{0,60}\d{4}-\d\d-\d\d/i;
/** Names are shown to people. */
export const MAX_VERSIONS = 10;
const MAX_VERSION_LENGTH = 40;

/** A server rejected the version that it was offered. */
export interface VersionRejection {
  /** The versions that it says it speaks, newest first; empty when it names none. */
  speaks: string[];
}

interface RpcError {
  code?: unknown;
  message?: unknown;
  data?: unknown;
}

/**
 * What a failed handshake says about versions.
 * @param error anything thrown by the handshake
 * @param offered the version that we offered; servers repeat it, and it is not one of theirs
 * @returns null when the failure is about something else
 */
export function versionRejectionOf(error: unknown, offered: string): VersionRejection | null {
  let link = error;
  for (let depth = 0; depth < 8 && link instanceof Error; depth += 1, link = link.cause) {
    const said = rpcErrorOf(link);
    const rejection = said && rejectionIn(said, offered);
    if (rejection) return rejection;
  }
  return null;
}

/** The newest version that both sides speak and that was not tried; null when there is none. */
export function nextVersion(
  { speaks }: VersionRejection,
  candidates: readonly string[],
  tried: ReadonlySet<string>,
): string | null {
  // A server that names none may still know an older one.
  const isCommon = (version: string) => speaks.length === 0 || speaks.includes(version);
  return candidates.find((version) => !tried.has(version) && isCommon(version)) ?? null;
}

/** The failure to show when no common version is left; it names the versions of the server. */
export function unsupportedVersion(
  { speaks }: VersionRejection,
  candidates: readonly string[],
  cause?: unknown,
): AppError {
  const ours = candidates.length === 1 ? candidates.join() : `${candidates.at(-1)} to ${candidates[0]}`;
  const message =
    speaks.length > 0
      ? `The server supports MCP ${speaks.join(', ')}; Patchbay asked for ${ours}.`
      : `The server rejected every protocol version it was offered (${ours}) and names none that it supports.`;
  return new AppError('unsupported_version', { message, cause });
}

/** Whether a text of a server is about versions of the protocol. */
export function mentionsVersions(text: string): boolean {
  return ABOUT_VERSIONS.test(text);
}

function rpcErrorOf(error: Error): RpcError | null {
  if (error instanceof ProtocolError) return error;
  if (!(error instanceof SdkHttpError) || [401, 403, 404].includes(error.status)) return null;
  const { text } = error.data;
  if (typeof text !== 'string') return null;
  try {
    const body: unknown = JSON.parse(text);
    const inner = isObject(body) && isObject(body.error) ? body.error : body;
    if (!isObject(inner)) return { message: text };
    return typeof inner.message === 'string' ? inner : { ...inner, message: reasonOf(text) };
  } catch {
    return { message: text };
  }
}

function rejectionIn({ code, message, data }: RpcError, offered: string): VersionRejection | null {
  const text = typeof message === 'string' ? message : '';
  const listed = listedIn(data).filter((version) => version !== offered);
  const isAboutVersions = code === UNSUPPORTED_VERSION || mentionsVersions(text);
  if (listed.length === 0 && !isAboutVersions) return null;
  const inText = [text, typeof data === 'string' ? data : ''].join(' ').match(VERSION) ?? [];
  const found = listed.length > 0 ? listed : inText.filter((version) => version !== offered);
  const speaks = [...new Set(found)].sort((a, b) => b.localeCompare(a));
  return { speaks: speaks.slice(0, MAX_VERSIONS) };
}

function listedIn(data: unknown): string[] {
  if (!isObject(data)) return [];
  const list = LIST_KEYS.map((key) => data[key]).find((value) => value !== undefined && value !== null);
  const items: unknown[] = Array.isArray(list) ? list : typeof list === 'string' ? list.split(/[\s,]+/) : [];
  return items.filter(
    (item): item is string => typeof item === 'string' && item !== '' && item.length <= MAX_VERSION_LENGTH,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
