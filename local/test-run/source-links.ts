/**
 * Links of the docs into the code. `[`Class.method`](../path/file.ts)` names what the reader is to see there;
 * the line in the anchor follows from the name, so that it can be told, and mended, when the code moves.
 */

/** A name in code, linked to a file of code; what looks like a path or file is a link to the whole file. */
const LINK = /\[`(?<name>[^`/\]]+)`\]\((?<path>(?!https?:)[^)#\s]+\.(?:ts|mjs|sql|svelte))(?:#L\d+)?\)/g;
const FILE_NAME = /\.(?:ts|mjs|sql|svelte)$/;

const KEYWORDS =
  'class|function|const|let|interface|type|enum|create (?:or replace )?(?:function|policy|table|trigger|index|view)';

export interface PlacedLinks {
  /** The text with the right line in each anchor. */
  text: string;
  /** Links whose name is declared nowhere in their file, or whose file is not there. */
  missing: string[];
}

/**
 * Puts the line of its name into each link of a document.
 * @param readFile the text of a linked path; null when there is no such file
 */
export function placeLinks(document: string, readFile: (path: string) => string | null): PlacedLinks {
  const missing: string[] = [];
  const text = document.replace(LINK, (link: string, name: string, path: string) => {
    if (FILE_NAME.test(name)) return link;
    const source = readFile(path);
    const line = source === null ? null : lineOf(name, source);
    if (line === null) missing.push(`${name} in ${path}`);
    return line === null ? link : `[\`${name}\`](${path}#L${line})`;
  });
  return { text, missing };
}

/** The line, from 1, on which a name is declared; of `Class.method` that of the method. Null when there is none. */
export function lineOf(name: string, source: string): number | null {
  const lines = source.split('\n');
  // The names of policies are sentences, and `schema.name` in SQL is one name.
  const isWhole = lines.findIndex((line) => declares(name, line));
  if (isWhole >= 0) return isWhole + 1;
  let at = -1;
  for (const part of name.split('.')) {
    const next = lines.findIndex((line, index) => index > at && declares(part, line));
    if (next < 0) return null;
    at = next;
  }
  return at + 1;
}

function declares(name: string, line: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\#]/g, '\\$&');
  const declared = new RegExp(`\\b(?:${KEYWORDS}) "?(?:public\\.)?${escaped}(?![\\w-])`);
  const member = new RegExp(`^\\s+(?:(?:static|readonly|async|get) )*${escaped}(?:\\??:| =|\\(|<)`);
  return declared.test(line) || member.test(line);
}

/** The parts of the code that a document quotes: blocks whose fence says `file=path`. */
export function quotesOf(document: string): { path: string; code: string }[] {
  const blocks = document.matchAll(/^```\w+ file=(\S+)\n(.*?)^```$/gms);
  return [...blocks].map(([, path = '', code = '']) => ({ path, code }));
}

/** Whether a file holds the quoted code, however either of them is broken into lines. */
export function isQuoteOf(code: string, source: string): boolean {
  return flat(source).includes(flat(code));
}

function flat(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
