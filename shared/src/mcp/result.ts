/** The answer of a tool, made readable: for the voice model short, for the page whole. */
import type { CallToolResult } from '@modelcontextprotocol/client';

/** About two minutes of speech; more would fill the model's context without being said. */
const MAX_SPEECH_CHARACTERS = 2_000;
const MAX_TEXT_CHARACTERS = 50_000;

/** The answer of a tool call, for the model, for the page and whole. */
export interface CallResult {
  /** The tool says that it failed; the text says why. */
  isError: boolean;
  /** Short text for the voice model. */
  speech: string;
  /** All readable content as text, cut with a notice at the size limit. */
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

/** Makes the readable forms of a raw result. Pictures, sounds and links are named, not left out. */
export function readResult(raw: CallToolResult): CallResult {
  const blocks = (raw.content ?? []).map(describeBlock).filter((block) => block !== '');
  const structured = raw.structuredContent;
  const whole =
    blocks.length > 0 ? blocks.join('\n') : structured === undefined ? '' : JSON.stringify(structured);
  const isError = raw.isError === true;
  const readable =
    whole || (isError ? 'The tool failed and did not say why.' : 'The tool has finished, without an answer.');
  const text = cut(readable, MAX_TEXT_CHARACTERS);
  const speech = cut(readable, MAX_SPEECH_CHARACTERS);
  return {
    isError,
    speech: speech.text,
    text: text.text,
    ...(structured !== undefined && { structured }),
    raw,
    truncated: text.isCut || speech.isCut,
  };
}

function describeBlock(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'image':
      return `[picture, ${block.mimeType}]`;
    case 'audio':
      return `[sound, ${block.mimeType}]`;
    case 'resource_link':
      return `[link: ${block.title ?? block.name}, ${block.uri}]`;
    case 'resource':
      return 'text' in block.resource ? block.resource.text : `[file: ${block.resource.uri}]`;
  }
}

function cut(text: string, limit: number): { text: string; isCut: boolean } {
  if (text.length <= limit) return { text, isCut: false };
  // Half a word misleads, and half a character is none.
  const space = text.lastIndexOf(' ', limit);
  const end = space > limit * 0.8 ? space : limit - Number(/[\uD800-\uDBFF]/.test(text.charAt(limit - 1)));
  return {
    text: `${text.slice(0, end)}\n[The answer was cut here; ${text.length - end} characters more.]`,
    isCut: true,
  };
}
