/**
 * Names under which the voice model knows tools: `slug__tool`, at most 64 characters of
 * [a-zA-Z0-9_-], the same for the same input in every process.
 */
import { trimEnd } from './json/trim-end.ts';

const NAME_LIMIT = 64;
const SLUG_LIMIT = 32;
const HASH_LENGTH = 7;

/** The slug of a server made from its name: lower case, words joined by `-`; `server` when nothing is left. */
export function slugFromName(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, SLUG_LIMIT);
  return trimEnd(slug, '-') || 'server';
}

/**
 * The model's name for a tool of a server. A name that had to be cleaned or cut ends in a hash of the
 * original, so that two originals do not fall together.
 */
export function modelToolName(slug: string, toolName: string): string {
  const plain = `${slug}__${toolName}`;
  if (plain.length <= NAME_LIMIT && /^[a-zA-Z0-9_-]+$/.test(plain)) return plain;
  return withHash(plain, `${slug}\0${toolName}`);
}

export interface ServerToolNames {
  slug: string;
  tools: readonly string[];
}

export interface AssignedName {
  slug: string;
  tool: string;
  /** Unique among all assigned names. */
  name: string;
}

/**
 * Names for the tools of several servers, unique across them. The first owner keeps a contested name,
 * so that adding a server never renames a tool that a conversation already has. Give the servers in a
 * stable order.
 */
export function assignToolNames(servers: readonly ServerToolNames[]): AssignedName[] {
  const taken = new Set<string>();
  return servers.flatMap(({ slug, tools }) =>
    [...new Set(tools)].map((tool) => {
      let name = modelToolName(slug, tool);
      for (let attempt = 0; taken.has(name); attempt += 1) {
        name = withHash(`${slug}__${tool}`, `${slug}\0${tool}\0${attempt}`);
      }
      taken.add(name);
      return { slug, tool, name };
    }),
  );
}

function withHash(name: string, identity: string): string {
  const cleaned = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, NAME_LIMIT - HASH_LENGTH - 1);
  return `${cleaned}_${shortHash(identity)}`;
}

/** FNV-1a, 32 bits, in base 36: telling names apart needs no cryptography, and it runs without waiting. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash.toString(36).padStart(HASH_LENGTH, '0');
}
