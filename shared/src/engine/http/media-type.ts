/** What kind of file some base64 holds, by its first bytes. */
import { trimEnd } from '../../contract/json/trim-end.ts';

/** Of bytes that say nothing. */
export const UNKNOWN_TYPE = 'application/octet-stream';

interface Signature {
  type: string;
  bytes: string;
  /** Where the bytes begin; 0 without it. */
  at?: number;
}

/** Signatures of three bytes and more: text that happens to be base64 does not begin with one. */
const SIGNATURES: readonly Signature[] = [
  { type: 'image/png', bytes: '\x89PNG' },
  { type: 'image/jpeg', bytes: '\xff\xd8\xff' },
  { type: 'image/gif', bytes: 'GIF8' },
  { type: 'image/webp', bytes: 'WEBP', at: 8 },
  { type: 'image/avif', bytes: 'ftypavif', at: 4 },
  { type: 'image/heic', bytes: 'ftyphe', at: 4 },
  { type: 'image/tiff', bytes: 'II*\0' },
  { type: 'image/tiff', bytes: 'MM\0*' },
  { type: 'image/x-icon', bytes: '\0\0\x01\0' },
  { type: 'image/svg+xml', bytes: '<svg' },
  { type: 'audio/wav', bytes: 'WAVE', at: 8 },
  { type: 'audio/ogg', bytes: 'OggS' },
  { type: 'audio/flac', bytes: 'fLaC' },
  { type: 'audio/mpeg', bytes: 'ID3' },
  { type: 'audio/mp4', bytes: 'ftypM4A', at: 4 },
  { type: 'video/mp4', bytes: 'ftyp', at: 4 },
  { type: 'video/webm', bytes: '\x1aE\xdf\xa3' },
  { type: 'application/pdf', bytes: '%PDF' },
  { type: 'application/zip', bytes: 'PK\x03\x04' },
  { type: 'application/gzip', bytes: '\x1f\x8b\x08' },
];

/** Signatures so short that they say something only of what is known to be a picture or a sound. */
const SHORT_SIGNATURES: Record<'image' | 'audio', readonly Signature[]> = {
  image: [{ type: 'image/bmp', bytes: 'BM' }],
  audio: [
    { type: 'audio/mpeg', bytes: '\xff\xfb' },
    { type: 'audio/mpeg', bytes: '\xff\xf3' },
    { type: 'audio/mpeg', bytes: '\xff\xf2' },
    { type: 'audio/aac', bytes: '\xff\xf1' },
    { type: 'audio/aac', bytes: '\xff\xf9' },
  ],
};

/** Base64 of the bytes that signatures read. */
const HEAD = 32;

/**
 * The MIME type of base64 data, or null when its first bytes say nothing.
 *
 * @param kind what the data is known to be: it allows for signatures of two bytes, and takes a container for a sound
 */
export function sniffMediaType(base64: string, kind?: 'image' | 'audio'): string | null {
  const head = decode(base64.slice(0, HEAD));
  const found = [...SIGNATURES, ...(kind ? SHORT_SIGNATURES[kind] : [])].find(({ bytes, at = 0 }) =>
    head.startsWith(bytes, at),
  );
  if (!found) return null;
  return kind === 'audio' ? found.type.replace('video/', 'audio/') : found.type;
}

function decode(base64: string): string {
  try {
    return atob(base64.slice(0, base64.length - (base64.length % 4)));
  } catch {
    return '';
  }
}

/** The base64 that RFC 4648 describes, from its URL-safe form, with line breaks or without padding; null for none. */
export function plainBase64(text: string): string | null {
  const digits = trimEnd(text.replace(/\s+/g, '').replaceAll('-', '+').replaceAll('_', '/'), '=');
  if (digits.length % 4 === 1 || !/^[A-Za-z0-9+/]+$/.test(digits)) return null;
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, '=');
}

/** How many bytes some base64 holds. */
export function bytesOfBase64(base64: string): number {
  return Math.floor((trimEnd(base64, '= \t\r\n').length * 3) / 4);
}
