/** A JSON Schema without the nulls that some generators write for keywords that they do not use. */
import { isJsonObject, type JsonObject } from '../../contract/json/json-object.ts';

/** What is in these is a value of the author's, in which null is a value like any other. */
const VALUES = new Set(['default', 'examples', 'example', 'enum', 'const']);
/** What is in these are schemas by names of the author's choice. */
const NAMED = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);

/** The same schema; keywords that are null are left out, and a property whose schema is null may be anything. */
export function withoutNullKeywords(schema: JsonObject): JsonObject {
  const kept = Object.entries(schema).flatMap(([key, value]) => {
    // What an extension means by null is its own affair: a null header name is an invalid one.
    if (VALUES.has(key) || key.startsWith('x-')) return [[key, value] as const];
    if (value === null) return [];
    return [[key, NAMED.has(key) ? namedSchemas(value) : inside(value)] as const];
  });
  return Object.fromEntries(kept);
}

function namedSchemas(value: unknown): unknown {
  // PHP writes an empty object as an empty list.
  if (Array.isArray(value) && value.length === 0) return {};
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inside(one ?? {})]));
}

function inside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inside);
  return isJsonObject(value) ? withoutNullKeywords(value) : value;
}
