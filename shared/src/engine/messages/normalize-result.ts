/**
 * The result of a request with its nulls and gaps mended, by the method that was asked. What a server's users meant to
 * send through it (structured content, schemas, arguments) is never touched.
 */
import { PROTOCOL_VERSION_META_KEY, SERVER_INFO_META_KEY } from '@modelcontextprotocol/client';
import { isJsonObject, type JsonObject } from '../../contract/json/json-object.ts';
import { readableJson } from '../calls/binary-text.ts';
import { booleanOf } from './boolean-of.ts';
import { isContentBlock, normalizeContent } from './normalize-content.ts';
import { capabilitiesOf, implementationOf } from './normalize-server-facts.ts';

/** Where structured content is found that is no object, which the SDK refuses before 2026-07-28. */
export const RAW_STRUCTURED_KEY = 'patchbay/raw-structured-content';
/** The fields that say how a result is to be taken, not what is in it. */
const ENVELOPE = new Set(['_meta', 'resultType', 'isError']);
/** The tasks of 2025-11-25, and questions to the user: results that are no answer yet. */
const UNFINISHED = ['task', 'inputRequests', 'requestState'];
const CACHE_SCOPES = new Set<unknown>(['public', 'private']);

/** The request that a result answers, as it was sent. */
export interface AskedRequest {
  method: string;
  params?: unknown;
}

/** The result that the SDK's schemas take; one that is beyond repair comes back as it is. Never throws. */
export function normalizeResult(result: unknown, { method, params }: AskedRequest): unknown {
  const isModern =
    isJsonObject(params) && isJsonObject(params._meta) && PROTOCOL_VERSION_META_KEY in params._meta;
  switch (method) {
    case 'initialize':
      return isJsonObject(result) ? initializeResult(result, params) : result;
    case 'server/discover':
      return isJsonObject(result) ? discoverResult(result) : result;
    case 'tools/list':
      return listResult(result, isModern);
    case 'tools/call':
      return callResult(result, isModern);
    case 'ping':
      // Whatever is in it, it proves that the server lives.
      return {};
    default:
      return withEnvelope(isJsonObject(result) ? result : {}, isModern);
  }
}

function initializeResult(result: JsonObject, params: unknown): JsonObject {
  const { protocolVersion, capabilities, serverInfo, instructions, ...rest } = result;
  // Any JSON-RPC server may answer with an object; one of these shows that it knows the method.
  if (!['protocolVersion', 'capabilities', 'serverInfo'].some((key) => key in result)) return result;
  const requested = isJsonObject(params) ? params.protocolVersion : undefined;
  const version = versionOf(protocolVersion) ?? requested;
  return {
    ...withEnvelope(rest, false),
    ...(version !== undefined && { protocolVersion: version }),
    capabilities: capabilitiesOf(capabilities),
    serverInfo: implementationOf(serverInfo),
    ...(typeof instructions === 'string' && { instructions }),
  };
}

/** A version as text; undefined for what is none. */
function versionOf(raw: unknown): string | undefined {
  const value: unknown = Array.isArray(raw) ? raw[0] : raw;
  const text = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
  return text === '' ? undefined : text;
}

function discoverResult(result: JsonObject): JsonObject {
  const { supportedVersions, capabilities, instructions, ...rest } = result;
  const versions = [supportedVersions].flat().filter((version) => typeof version === 'string');
  // A server that does not know the method may answer with anything; the versions are what shows that it does.
  if (versions.length === 0) return result;
  return {
    ...withEnvelope(rest, true),
    supportedVersions: versions,
    capabilities: capabilitiesOf(capabilities),
    ...(typeof instructions === 'string' && { instructions }),
  };
}

function listResult(raw: unknown, isModern: boolean): unknown {
  const result = Array.isArray(raw) ? { tools: raw as unknown[] } : (raw ?? {});
  if (!isJsonObject(result)) return raw;
  const { nextCursor, ttlMs, cacheScope, ...rest } = result;
  return {
    ...withEnvelope(rest, isModern),
    tools: toolsOf(result.tools),
    ...(isCursor(nextCursor) && { nextCursor: String(nextCursor) }),
    ...(isModern && {
      ttlMs: Number.isInteger(ttlMs) && Number(ttlMs) >= 0 ? ttlMs : 0,
      cacheScope: CACHE_SCOPES.has(cacheScope) ? cacheScope : 'private',
    }),
  };
}

/** Tools by name, and one tool alone, count as a list. */
function toolsOf(raw: unknown): unknown[] {
  if (Array.isArray(raw)) return raw;
  if (!isJsonObject(raw)) return [];
  if (typeof raw.name === 'string') return [raw];
  return Object.entries(raw).map(([name, tool]) => (isJsonObject(tool) ? { name, ...tool } : tool));
}

function isCursor(value: unknown): value is string | number {
  return typeof value === 'number' || typeof value === 'string';
}

function callResult(raw: unknown, isModern: boolean): unknown {
  if (!isJsonObject(raw)) return withEnvelope({ content: normalizeContent(raw) }, isModern);
  if (isUnfinished(raw, isModern)) return withEnvelope(raw, isModern);
  const { isError, structuredContent, content: _content, ...rest } = raw;
  const failed = booleanOf(isError);
  const isSetAside =
    structuredContent !== undefined && structuredContent !== null && !isJsonObject(structuredContent);
  const result = withEnvelope(
    {
      ...rest,
      content: contentOf(raw),
      ...(failed !== undefined && { isError: failed }),
      ...(isJsonObject(structuredContent) && { structuredContent }),
    },
    isModern,
  );
  if (!isSetAside) return result;
  return {
    ...result,
    _meta: { ...(result._meta as JsonObject | undefined), [RAW_STRUCTURED_KEY]: structuredContent },
  };
}

function isUnfinished(result: JsonObject, isModern: boolean): boolean {
  const { resultType } = result;
  if (typeof resultType === 'string' && resultType !== 'complete' && isModern) return true;
  return !('content' in result) && UNFINISHED.some((key) => isJsonObject(result[key]));
}

/** A result without content, written by hand, is content itself: one block, or data. */
function contentOf(result: JsonObject): JsonObject[] {
  const { content, structuredContent } = result;
  const hasContent = content !== undefined && content !== null;
  if (hasContent || (structuredContent !== undefined && structuredContent !== null))
    return normalizeContent(content);
  if (isContentBlock(result)) return normalizeContent(result);
  const { toolResult } = result;
  if (toolResult !== undefined && toolResult !== null)
    return normalizeContent(isContentBlock(toolResult) ? toolResult : textOf(toolResult));
  const data = Object.entries(result).filter(
    ([key, value]) => value !== null && key !== 'content' && !ENVELOPE.has(key),
  );
  return data.length > 0 ? normalizeContent(readableJson(Object.fromEntries(data))) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : readableJson(value);
}

/** A result whose `_meta` and `resultType` the SDK takes. */
function withEnvelope(result: JsonObject, isModern: boolean): JsonObject {
  const { _meta, resultType, ...rest } = result;
  const meta = metaOf(_meta);
  const asks = isJsonObject(rest.inputRequests) || typeof rest.requestState === 'string';
  const implied = isModern ? (asks ? 'input_required' : 'complete') : undefined;
  const type = typeof resultType === 'string' && resultType !== '' ? resultType : implied;
  return { ...rest, ...(meta && { _meta: meta }), ...(type !== undefined && { resultType: type }) };
}

/** `_meta` belongs to whoever wrote it; only what the specification gives a type must have it. */
function metaOf(raw: unknown): JsonObject | null {
  if (!isJsonObject(raw)) return null;
  const {
    progressToken,
    'io.modelcontextprotocol/related-task': task,
    [SERVER_INFO_META_KEY]: info,
    ...rest
  } = raw;
  return {
    ...rest,
    ...((typeof progressToken === 'string' || Number.isInteger(progressToken)) && { progressToken }),
    ...(isJsonObject(task) &&
      typeof task.taskId === 'string' && { 'io.modelcontextprotocol/related-task': task }),
    ...(info !== undefined && info !== null && { [SERVER_INFO_META_KEY]: implementationOf(info) }),
  };
}
