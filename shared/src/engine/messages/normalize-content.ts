/** The content blocks of a tool result in the shapes of the specification, whatever shapes the server gave them. */
import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../contract/json/json-object.ts';
import { readableJson } from '../calls/binary-text.ts';
import { plainBase64, sniffMediaType, UNKNOWN_TYPE } from '../http/media-type.ts';

/** Of a block that we cannot read, as JSON. */
const MAX_UNKNOWN_CHARACTERS = 20_000;
const ROLES = new Set<unknown>(['user', 'assistant']);
/** As the SDK wants it. */
const DateTime = z.iso.datetime({ offset: true });

/**
 * Content as a list of valid blocks. A block of an unknown kind, or one that lacks what its kind needs, becomes text;
 * it never costs the others. Never throws.
 *
 * @param raw a list of blocks, or one block or text alone
 */
export function normalizeContent(raw: unknown): JsonObject[] {
  const blocks: unknown[] = Array.isArray(raw) ? raw : [raw];
  return blocks
    .flatMap((one) => (Array.isArray(one) && one.every(isContentBlock) ? one : [one]))
    .flatMap(blocksOf);
}

/** Whether a value says itself that it is a content block. */
export function isContentBlock(value: unknown): value is JsonObject {
  return isJsonObject(value) && typeof value.type === 'string';
}

function blocksOf(raw: unknown): JsonObject[] {
  if (raw === null || raw === undefined || raw === '') return [];
  if (!isJsonObject(raw)) return [{ type: 'text', text: typeof raw === 'string' ? raw : readableJson(raw) }];
  if (isEmptyText(raw)) return [];
  const block = knownBlock(raw) ?? { type: 'text', text: readableJson(raw).slice(0, MAX_UNKNOWN_CHARACTERS) };
  return [{ ...block, ...hintsOf(raw) }];
}

function isEmptyText({ type, text }: JsonObject): boolean {
  return type === 'text' && (text === null || text === undefined || text === '');
}

function knownBlock(raw: JsonObject): JsonObject | null {
  switch (kindOf(raw)) {
    case 'text':
      return textBlock(raw);
    case 'image':
      return mediaBlock('image', raw);
    case 'audio':
      return mediaBlock('audio', raw);
    case 'resource':
      return resourceBlock(raw);
    case 'resource_link':
      return linkBlock(raw);
    default:
      return null;
  }
}

/** The type that a block names, or else what its fields tell. */
function kindOf({ type, text, resource, mimeType, data }: JsonObject): string | null {
  if (typeof type === 'string') return type.toLowerCase();
  if (typeof text === 'string') return 'text';
  if (isJsonObject(resource)) return 'resource';
  if (typeof data !== 'string' || typeof mimeType !== 'string') return null;
  return mimeType.split('/')[0] ?? null;
}

function textBlock({ text }: JsonObject): JsonObject | null {
  if (text === null || text === undefined) return null;
  return { type: 'text', text: typeof text === 'string' ? text : readableJson(text) };
}

/** Data may be a data URI, and may be in `source`, as the APIs of models have it. */
function mediaBlock(type: 'image' | 'audio', raw: JsonObject): JsonObject | null {
  const source = isJsonObject(raw.source) ? raw.source : {};
  const given = textOf(raw.data) ?? textOf(source.data) ?? '';
  const uri = /^data:([^,]*);base64,/.exec(given);
  const data = plainBase64(uri ? given.slice(uri[0].length) : given);
  if (data === null) return null;
  const named = [raw.mimeType, source.media_type, /^[\w.+-]+\/[\w.+-]+/.exec(uri?.[1] ?? '')?.[0]].find(
    isMediaType,
  );
  return { type, data, mimeType: named ?? sniffMediaType(data, type) ?? UNKNOWN_TYPE };
}

function isMediaType(value: unknown): value is string {
  return typeof value === 'string' && /^[^/\s]+\/[^/\s]+/.test(value);
}

/** An embedded resource; some servers leave out the object around it. One without content is a link. */
function resourceBlock(raw: JsonObject): JsonObject | null {
  const inner = isJsonObject(raw.resource) ? raw.resource : raw;
  const uri = textOf(inner.uri) ?? textOf(raw.resource) ?? '';
  const about = { uri, ...texts(inner, ['mimeType']), ...metaOf(inner) };
  const { text, blob } = inner;
  if (text !== null && text !== undefined)
    return { type: 'resource', resource: { ...about, text: textOf(text) ?? readableJson(text) } };
  if (typeof blob === 'string' && blob !== '') {
    const data = plainBase64(blob);
    return { type: 'resource', resource: { ...about, ...(data === null ? { text: blob } : { blob: data }) } };
  }
  return linkBlock({ ...inner, uri });
}

function linkBlock(raw: JsonObject): JsonObject | null {
  const uri = textOf(raw.uri);
  if (!uri) return null;
  const name = textOf(raw.name) || textOf(raw.title) || lastPart(uri);
  return {
    type: 'resource_link',
    uri,
    name,
    ...texts(raw, ['title', 'description', 'mimeType']),
    ...(Number.isFinite(raw.size) && { size: raw.size }),
  };
}

function lastPart(uri: string): string {
  const [path = ''] = /^[^?#]*/.exec(uri) ?? [];
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
  return trimmed.slice(trimmed.lastIndexOf('/') + 1) || uri;
}

function hintsOf(raw: JsonObject): JsonObject {
  const inner = isJsonObject(raw.resource) ? raw.resource.annotations : undefined;
  const annotations = annotationsOf(raw.annotations ?? inner);
  return { ...(annotations && { annotations }), ...metaOf(raw) };
}

/** Each hint is read by itself: a bad one costs no other. */
function annotationsOf(raw: unknown): JsonObject | null {
  if (!isJsonObject(raw)) return null;
  const audience = [raw.audience].flat().map((role: unknown) => (typeof role === 'string' ? role.toLowerCase() : role)).filter((role) => ROLES.has(role)); // prettier-ignore
  const { priority, lastModified } = raw;
  const annotations = {
    ...(audience.length > 0 && { audience }),
    ...(typeof priority === 'number' && priority >= 0 && priority <= 1 && { priority }),
    ...(DateTime.safeParse(lastModified).success && { lastModified }),
  };
  return Object.keys(annotations).length > 0 ? annotations : null;
}

function metaOf({ _meta }: JsonObject): JsonObject {
  return isJsonObject(_meta) ? { _meta } : {};
}

/** Those of the fields that are texts. */
function texts(raw: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => (typeof raw[name] === 'string' ? [[name, raw[name]]] : [])),
  );
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
