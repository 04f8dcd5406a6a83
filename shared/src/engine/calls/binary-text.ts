/**
 * Finds data that is no text inside text and JSON: data URIs and base64. A voice model can do nothing with it, and a
 * picture would fill its context; a short note takes the place.
 */
import { bytesOfBase64, sniffMediaType } from '../http/media-type.ts';

/** Base64 that begins like a known file, and base64 that does not, counts as data from this length on. */
const SHORTEST_FILE = 64;
const SHORTEST_DATA = 256;
const LONGEST_ADDRESS = 2_000;
/** JSON that is nested deeper is cut off: beyond some thousand levels it cannot be written at all. */
const MAX_DEPTH = 64;
/** Names under which base64 is data even if it looks like nothing. */
const DATA_NAMES = /base64|b64|blob|^data$|bytes|image|audio|picture|thumbnail/i;

/**
 * In this order: addresses, which stay; data URIs; runs of base64, with line breaks as such or as in JSON, and a last
 * line that is shorter. JSON may escape the slash, as PHP does. Every part begins where a run begins and none can match in two ways: the search takes linear time.
 */
const CANDIDATES = new RegExp(
  [
    String.raw`(?<address>https?:\/\/[^\s"'<>]+)`,
    String.raw`(?<![\w-])data:(?<type>[\w.+-]+\\?\/[\w.+-]+)?(?:;[\w.+-]+=[\w.+"-]*)*(?<isBase64>;base64)?,(?<body>(?:[^\s"'<>()\\]|\\\/)*)`,
    String.raw`(?<![A-Za-z0-9+/_-])(?<run>(?:[A-Za-z0-9+/_-]|\\\/){60,}(?:(?:\s|\\[nr])+(?:[A-Za-z0-9+/_-]|\\\/){60,})*(?:(?:\s|\\[nr])+(?:(?:[A-Za-z0-9+/_-]|\\\/)+(?=[="'])|(?:[A-Za-z0-9+/_-]|\\\/){16,}(?=\s*$)))?={0,2})`,
  ].join('|'),
  'gi',
);

interface Found {
  address?: string;
  type?: string;
  isBase64?: string;
  body?: string;
  run?: string;
}

/** The text with a note such as `[image/png, 12 KB]` in the place of data URIs and base64. */
export function withoutBinary(text: string): string {
  return text.replace(CANDIDATES, (whole: string, ...rest: unknown[]) => {
    const { address, isBase64, ...found } = rest.at(-1) as Found;
    const [type, body, run] = [found.type, found.body, found.run].map((part) => part?.replaceAll('\\/', '/'));
    if (address !== undefined) return shortAddress(address);
    if (run !== undefined) return isData(run, SHORTEST_DATA) ? noteOf(run) : whole;
    // "data:," without a type is as likely to be prose.
    if (body === undefined || (type === undefined && isBase64 === undefined)) return whole;
    return binaryNote(type ?? 'text/plain', isBase64 ? bytesOfBase64(body) : body.length);
  });
}

/** The same for a value of JSON: a copy whose texts hold no data, for people and models to read. */
export function withoutBinaryIn(value: unknown, name = '', depth = 0): unknown {
  if (typeof value === 'string') {
    const isNamed = DATA_NAMES.test(name) && isData(value, SHORTEST_FILE, true);
    return isNamed ? noteOf(value) : withoutBinary(value);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (Array.isArray(value)) return value.map((one) => withoutBinaryIn(one, name, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, withoutBinaryIn(one, key, depth + 1)]),
  );
}

/** A value as JSON for people and models: without data, and never throwing for its depth. */
export function readableJson(value: unknown): string {
  return JSON.stringify(withoutBinaryIn(value)) ?? '';
}

/** @param bytes size of the data */
function binaryNote(type: string, bytes: number): string {
  return `[${type}, ${formatByteSize(bytes)}]`;
}

export function formatByteSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** An address may carry a picture, too; one that is this long is of no use to a voice model. */
function shortAddress(address: string): string {
  if (address.length <= LONGEST_ADDRESS) return address;
  return `${address.slice(0, 200)}… ${binaryNote('address', address.length)}`;
}

function noteOf(base64: string): string {
  const digits = base64.replace(/\s|\\[nr]/g, '');
  return binaryNote(sniffMediaType(digits) ?? 'binary data', bytesOfBase64(digits));
}

/**
 * Whether a run of base64 characters is data. Words, hashes, numbers and identifiers lack one of the three kinds of
 * characters, or are short.
 */
function isData(run: string, shortest: number, isNamed = false): boolean {
  const digits = run.replace(/\s|\\[nr]/g, '');
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(digits) || digits.length < SHORTEST_FILE) return false;
  if (sniffMediaType(digits) !== null) return true;
  if (digits.length < shortest) return false;
  return isNamed || (/[A-Z]/.test(digits) && /[a-z]/.test(digits) && /[0-9]/.test(digits));
}
