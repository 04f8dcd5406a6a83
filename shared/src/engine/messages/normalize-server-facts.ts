/** What a server says of itself: capabilities, name and version, with nulls left out and gaps filled in. */
import { isJsonObject, type JsonObject } from '../../contract/json/json-object.ts';
import { booleanOf } from './boolean-of.ts';

/** What the SDK takes as booleans only. */
const FLAGS = new Set(['listChanged', 'subscribe']);
/** Capabilities that are maps of further ones. */
const MAPS = new Set(['experimental', 'extensions']);
const TEXTS = ['title', 'websiteUrl', 'description'];
/** No capability of the specification is nested deeper. */
const MAX_DEPTH = 4;

/** Capabilities as objects: null and false count as absent, and true as an object without details. */
export function capabilitiesOf(raw: unknown): JsonObject {
  // PHP writes an empty object as an empty list; some servers list names.
  const named = Array.isArray(raw) ? raw.filter((name) => typeof name === 'string') : [];
  if (!isJsonObject(raw)) return Object.fromEntries(named.map((name) => [name, {}]));
  return mapEntries(raw, (value, name) => {
    if (isAbsent(value)) return undefined;
    if (!isJsonObject(value)) return {};
    if (name === 'tasks') return objectsOf(value, MAX_DEPTH);
    return MAPS.has(name) ? objectsOf(value, 1) : withFlags(value);
  });
}

/** Name and version of a server, empty where it gives none; a text alone is the name. */
export function implementationOf(raw: unknown): JsonObject {
  if (!isJsonObject(raw)) return { name: textOf(raw) ?? '', version: '' };
  const { name, version, icons, ...rest } = raw;
  const about = mapEntries(rest, (value, key) =>
    TEXTS.includes(key) ? textOf(value) : (value ?? undefined),
  );
  return {
    ...about,
    name: textOf(name) ?? textOf(rest.title) ?? '',
    version: textOf(version) ?? '',
    ...(Array.isArray(icons) && { icons: icons.flatMap(iconOf) }),
  };
}

function iconOf(raw: unknown): JsonObject[] {
  if (!isJsonObject(raw) || typeof raw.src !== 'string') return [];
  const { src, mimeType, sizes, theme } = raw;
  const named = [sizes].flat().filter((size) => typeof size === 'string');
  return [
    {
      src,
      ...(typeof mimeType === 'string' && { mimeType }),
      ...(named.length > 0 && { sizes: named }),
      ...((theme === 'light' || theme === 'dark') && { theme }),
    },
  ];
}

function withFlags(capability: JsonObject): JsonObject {
  return mapEntries(capability, (value, name) => (FLAGS.has(name) ? booleanOf(value) : (value ?? undefined)));
}

/** The entries as objects, down to a depth; deeper ones stay as they are. */
function objectsOf(value: JsonObject, depth: number): JsonObject {
  return mapEntries(value, (one) => {
    if (isAbsent(one)) return undefined;
    if (!isJsonObject(one)) return {};
    return depth > 1 ? objectsOf(one, depth - 1) : one;
  });
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined || value === false;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** The entries, changed; those that become undefined are left out. */
function mapEntries(raw: JsonObject, change: (value: unknown, name: string) => unknown): JsonObject {
  const changed = Object.entries(raw).map(([name, value]) => [name, change(value, name)] as const);
  return Object.fromEntries(changed.filter(([, value]) => value !== undefined));
}
