/**
 * `x-mcp-header` in the input schemas of tools: the argument of a call that is sent as an `Mcp-Param-*` header, too.
 * Rules: specification 2026-07-28, Streamable HTTP, "Custom Headers from Tool Parameters". The SDK encodes and sends
 * the values; a tool that breaks a rule has to be left out, which is decided here.
 */
import { isSchemaObject } from '../tools/schema-dialect.ts';

const ANNOTATION = 'x-mcp-header';
/** A token of HTTP (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Types whose values have one text form; `number` is excluded by name. */
const TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);
/** Keywords whose value is a schema or a list of schemas; no annotation may be in any of them. */
const SCHEMAS = [
  'additionalItems',
  'additionalProperties',
  'allOf',
  'anyOf',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'oneOf',
  'prefixItems',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
];
/** The same for schemas by names of the author's choice. */
const NAMED_SCHEMAS = ['$defs', 'definitions', 'dependencies', 'dependentSchemas', 'patternProperties'];
/** The reason is shown to people; a name of the server's choice must not fill the page. */
const MAX_SHOWN = 60;

/** The first rule that an annotation of this schema breaks, as a sentence; null when all are valid, or there is none. */
export function parameterHeaderFault(inputSchema: Record<string, unknown>): string | null {
  const names = new Set<string>();
  for (const annotation of annotationsOf(inputSchema, [], true)) {
    const fault = faultOf(annotation, names);
    if (fault !== null) return fault;
  }
  return null;
}

interface Annotation {
  value: unknown;
  schema: Record<string, unknown>;
  path: readonly string[];
  /** It belongs to a property that is reached through `properties` alone. */
  isReachable: boolean;
}

function* annotationsOf(
  schema: unknown,
  path: readonly string[],
  isReachable: boolean,
): Generator<Annotation> {
  if (Array.isArray(schema)) {
    for (const one of schema) yield* annotationsOf(one, path, isReachable);
    return;
  }
  if (!isSchemaObject(schema)) return;
  if (Object.hasOwn(schema, ANNOTATION)) yield { value: schema[ANNOTATION], schema, path, isReachable };
  for (const [name, property] of entriesOf(schema.properties))
    yield* annotationsOf(property, [...path, name], isReachable);
  for (const keyword of SCHEMAS) {
    if (Object.hasOwn(schema, keyword)) yield* annotationsOf(schema[keyword], [...path, keyword], false);
  }
  for (const keyword of NAMED_SCHEMAS) {
    for (const [name, one] of entriesOf(schema[keyword]))
      yield* annotationsOf(one, [...path, keyword, name], false);
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return isSchemaObject(value) ? Object.entries(value) : [];
}

/** @param names header names that were used before, in lower case; gets the one of this annotation */
function faultOf({ value, schema, path, isReachable }: Annotation, names: Set<string>): string | null {
  const place = path.length === 0 ? 'the schema itself' : `"${shown(path.join('.'))}"`;
  if (!isReachable || path.length === 0)
    return `An x-mcp-header is allowed only on properties, and nested ones in them; this one is on ${place}.`;
  if (typeof value !== 'string') return `The x-mcp-header of ${place} is not a string.`;
  if (value === '') return `The x-mcp-header of ${place} is empty.`;
  if (!TOKEN.test(value))
    return `The x-mcp-header of ${place} has characters that are not allowed in the name of a header.`;
  if (!TYPES.has(schema.type))
    return `The x-mcp-header of ${place} needs a property of type string, integer or boolean.`;
  const name = value.toLowerCase();
  if (names.has(name)) return `The x-mcp-header "${shown(value)}" is used twice.`;
  names.add(name);
  return null;
}

function shown(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
