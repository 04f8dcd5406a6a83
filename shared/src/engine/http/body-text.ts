/** Decodes the text of a body in its charset. */

const CHARSET = /;\s*charset\s*=\s*["']?([^\s;"']+)/i;

/** The charset of a content type; UTF-8 where it names none, or an unknown one. */
export function charsetOf(contentType: string | null): string {
  const label = CHARSET.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return 'utf-8';
  }
}

/** Decodes text without its byte order mark. Recognizes UTF-16 even if it isn't declared. */
export function decodeText(bytes: Uint8Array, contentType: string | null): string {
  return new TextDecoder(utf16Of(bytes) ?? charsetOf(contentType)).decode(bytes);
}

/** JSON and HTML begin with two ASCII characters, so a zero in the first two bytes means UTF-16 (RFC 4627, section 3). */
function utf16Of([first, second]: Uint8Array): string | null {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return null;
}

/** The media type without parameters, in lower case; empty when there is none. */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(/[;,]/, 1)[0]?.trim().toLowerCase() ?? '';
}
