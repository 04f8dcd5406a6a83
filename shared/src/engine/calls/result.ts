/** The result of a tool, made readable: for the voice model in short, for the user whole. */
import type { CallToolResult } from '@modelcontextprotocol/client';
import { MAX_JSON_DEPTH, cutDepth } from '../../contract/json/json-depth.ts';
import { readableJson, formatByteSize, withoutBinary } from './binary-text.ts';
import { bytesOfBase64, sniffMediaType, UNKNOWN_TYPE } from '../http/media-type.ts';
import { RAW_STRUCTURED_KEY } from '../messages/normalize-result.ts';
import { repeatsInText } from './repeated-content.ts';

/** About two minutes of speech; more would fill the model's context without being said. */
const MAX_SPEECH_CHARACTERS = 2_000;
const MAX_TEXT_CHARACTERS = 50_000;
/** Base64 of a text beyond this is not decoded: little of it would be read. */
const MAX_TEXT_BLOB = 4 * MAX_TEXT_CHARACTERS;
/** Of a block whose server gives none. */
const USUAL_PRIORITY = 0.5;

/** The answer of a tool call, for the model, for the page and whole. */
export interface CallResult {
  /** The tool says that it failed; the text says why. */
  isError: boolean;
  /** Short text for the voice model: text and structured content, without what is only for the user. */
  speech: string;
  /** All readable content for the user as text, cut with a notice at the size limit. */
  text: string;
  /** `structuredContent` as the server sent it. */
  structured?: unknown;
  raw: CallToolResult;
  /** Whether `text` or `speech` was cut. */
  truncated: boolean;
  /** Set when the answer is an earlier one, kept by `ResultCache`; stale = the server failed to give a newer one. */
  cached?: { ageMs: number; isStale: boolean };
}

type ContentBlock = NonNullable<CallToolResult['content']>[number];
type Role = 'user' | 'assistant';

interface Part {
  text: string;
  priority: number;
}

/**
 * Makes the readable forms of a raw result. Pictures, sounds and links are named, not left out. Of all of it only what
 * JSON.stringify can write is kept: it is measured, cached and answered with.
 */
export function readResult(given: CallToolResult): CallResult {
  const raw = cutDepth(given, MAX_JSON_DEPTH) as CallToolResult;
  const structured = structuredOf(raw);
  const isError = raw.isError === true;
  const [forModel, forUser] = [partsFor('assistant', raw), partsFor('user', raw)];
  const json = readableStructured(structured);
  const isRepeated = structured === undefined || repeatsInText(structured, textsFor('assistant', raw));
  const speech = compose(forModel, isRepeated && forModel.length > 0 ? '' : json, MAX_SPEECH_CHARACTERS);
  const text = compose(forUser, forUser.length > 0 ? '' : json, MAX_TEXT_CHARACTERS);
  return {
    isError,
    speech: speech.text || nothingFor('assistant', isError, forUser.length > 0),
    text: text.text || nothingFor('user', isError, forModel.length > 0),
    ...(structured !== undefined && { structured }),
    raw,
    truncated: text.isCut || speech.isCut,
  };
}

/** What the user may see of a result: its text, and its structured content where the text does not say the same. */
export function shownResult({ text, structured, raw }: CallResult): string {
  if (structured === undefined || partsFor('user', raw).length === 0) return text;
  return repeatsInText(structured, textsFor('user', raw))
    ? text
    : `${text}\n${readableStructured(structured)}`;
}

/** Whether the server sent something for the user that the model does not get. */
export function hasContentForUser({ content }: CallToolResult): boolean {
  return (content ?? []).some((block) => isFor('user', block) && !isFor('assistant', block));
}

/** Null says as little as nothing. What the SDK's schemas refuse was set aside (see normalizeResult). */
function structuredOf({ structuredContent, _meta }: CallToolResult): unknown {
  return structuredContent ?? _meta?.[RAW_STRUCTURED_KEY] ?? undefined;
}

function readableStructured(structured: unknown): string {
  if (structured === undefined) return '';
  return typeof structured === 'string' ? withoutBinary(structured) : readableJson(structured);
}

function nothingFor(role: Role, isError: boolean, othersGetSome: boolean): string {
  if (othersGetSome && role === 'user') return 'The tool responded to the agent only.';
  if (othersGetSome) {
    const shown = 'is shown to the user on the page, and only there';
    return isError ? `The tool failed; the reason ${shown}.` : `The tool finished; its result ${shown}.`;
  }
  return isError ? 'The tool failed without giving a reason.' : 'The tool finished without a result.';
}

/** Content without an audience is for both. */
function isFor(role: Role, { annotations }: ContentBlock): boolean {
  const { audience = [] } = annotations ?? {};
  return audience.length === 0 || audience.includes(role);
}

function partsFor(role: Role, { content }: CallToolResult): Part[] {
  return (content ?? [])
    .filter((block) => isFor(role, block))
    .map((block) => ({
      text: describeBlock(block),
      priority: block.annotations?.priority ?? USUAL_PRIORITY,
    }))
    .filter(({ text }) => text !== '');
}

function textsFor(role: Role, { content }: CallToolResult): string[] {
  return (content ?? []).flatMap((block) =>
    block.type === 'text' && isFor(role, block) ? [block.text] : [],
  );
}

function describeBlock(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return withoutBinary(block.text);
    case 'image':
      return block.mimeType === UNKNOWN_TYPE ? '[picture]' : `[picture, ${block.mimeType}]`;
    case 'audio':
      return block.mimeType === UNKNOWN_TYPE ? '[sound]' : `[sound, ${block.mimeType}]`;
    case 'resource_link':
      return `[link: ${block.title ?? block.name}, ${withoutBinary(block.uri)}]`;
    case 'resource':
      return describeResource(block.resource);
  }
}

type Resource = Extract<ContentBlock, { type: 'resource' }>['resource'];

function describeResource(resource: Resource): string {
  if ('text' in resource) return withoutBinary(resource.text);
  const { uri, blob, mimeType } = resource;
  const text = blob.length <= MAX_TEXT_BLOB && isTextual(mimeType) ? decodeText(blob) : null;
  if (text !== null) return withoutBinary(text);
  const parts = [withoutBinary(uri), mimeType ?? sniffMediaType(blob), formatByteSize(bytesOfBase64(blob))];
  return `[file: ${parts.filter(Boolean).join(', ')}]`;
}

function isTextual(mimeType = ''): boolean {
  return /^(text\/|application\/([\w.-]+\+)?(json|xml|yaml)\b)/.test(mimeType);
}

/** The text of a resource that was sent as base64; null when it is none. */
function decodeText(base64: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Text and structured content within the limit: each may take half, or what the other leaves. */
function compose(parts: readonly Part[], json: string, limit: number): { text: string; isCut: boolean } {
  const whole = parts.map(({ text }) => text).join('\n');
  if (json === '') return cut(whole.length <= limit ? whole : byPriority(parts), limit);
  if (whole === '') return cut(json, limit);
  if (whole.length + json.length < limit) return { text: `${whole}\n${json}`, isCut: false };
  const roomForJson = Math.min(json.length, Math.max(limit / 2, limit - whole.length));
  const text = cut(whole.length <= limit - roomForJson ? whole : byPriority(parts), limit - roomForJson);
  return { text: `${text.text}\n${cut(json, roomForJson).text}`, isCut: true };
}

/** What will be cut at its end has the least important at its end. */
function byPriority(parts: readonly Part[]): string {
  return parts
    .toSorted((a, b) => b.priority - a.priority)
    .map(({ text }) => text)
    .join('\n');
}

function cut(text: string, limit: number): { text: string; isCut: boolean } {
  if (text.length <= limit) return { text, isCut: false };
  // Half a word misleads, and half a character is none.
  const space = text.lastIndexOf(' ', limit);
  const end = space > limit * 0.8 ? space : limit - Number(/[\uD800-\uDBFF]/.test(text.charAt(limit - 1)));
  return {
    text: `${text.slice(0, end)}\n[The result was cut here: ${text.length - end} more characters.]`,
    isCut: true,
  };
}
