import { isDeeperThan } from '@patchbay/shared/contract/json/json-depth';

type Schema = Record<string, unknown>;

/** Deeper than any usable form. */
const DEEPEST = 12;
/** Schemas with every reference followed; the form library resolves all of them before it renders. */
const MAX_SCHEMAS = 3_000;
/** Their children are names, not keywords. */
const NAMED = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);
/** Values, which contain no keywords. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);
/** An untrusted pattern can hang the page for hours; the server validates it itself. */
const LEFT_OUT = new Set(['pattern', 'patternProperties', 'format', '$schema', '$id']);

/**
 * Removes from a tool's schema what could hang the page.
 * @throws RangeError if it is nested too deeply or references too many schemas
 */
export function formSchema(schema: Schema): Schema {
  countSchemas(schema, [], { schema, left: MAX_SCHEMAS });
  return kept(schema, 0) as Schema;
}

function kept(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) throw new RangeError('The schema is nested too deeply.');
  if (Array.isArray(value)) return value.map((one) => kept(one, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !LEFT_OUT.has(key));
  return Object.fromEntries(
    entries.map(([key, part]) => [
      key,
      DATA.has(key) ? part : NAMED.has(key) ? namesKept(part, depth) : kept(part, depth + 1),
    ]),
  );
}

/** @param path references being followed; a recursive one is followed once */
function countSchemas(value: unknown, path: string[], root: { schema: Schema; left: number }): void {
  if (typeof value !== 'object' || value === null) return;
  root.left -= 1;
  if (root.left < 0) throw new RangeError('The schema references too many other schemas.');
  for (const [key, part] of Object.entries(value)) {
    if (DATA.has(key)) {
      if (isDeeperThan(part, DEEPEST))
        throw new RangeError('The schema has values that are nested too deeply.');
    } else if (key !== '$defs' && key !== 'definitions') countSchemas(part, path, root);
  }
  const reference = '$ref' in value ? value.$ref : undefined;
  if (typeof reference === 'string' && !path.includes(reference))
    countSchemas(targetOf(reference, root.schema), [...path, reference], root);
}

function targetOf(reference: string, schema: Schema): unknown {
  let target: unknown = schema;
  for (const part of reference.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    target = typeof target === 'object' && target !== null ? (target as Schema)[key] : undefined;
  }
  return target;
}

function namesKept(named: unknown, depth: number): unknown {
  if (typeof named !== 'object' || named === null || Array.isArray(named)) return {};
  return Object.fromEntries(Object.entries(named).map(([name, one]) => [name, kept(one, depth + 1)]));
}
