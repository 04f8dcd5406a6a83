type Schema = Record<string, unknown>;

/** Deeper than any form that a person fills in. */
const DEEPEST = 12;
/** Names of their own lie under these; they are no keywords. */
const NAMED = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);
/** Values, in which nothing is a keyword. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);
/** A pattern of a stranger can keep the page busy for hours; the server checks those itself. */
const LEFT_OUT = new Set(['pattern', 'patternProperties', 'format', '$schema', '$id']);

/**
 * The schema of a tool as a form may be made from it: without what could hang the page.
 * @throws RangeError when it is nested too deeply for a form
 */
export function formSchema(schema: Schema): Schema {
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

function namesKept(named: unknown, depth: number): unknown {
  if (typeof named !== 'object' || named === null || Array.isArray(named)) return {};
  return Object.fromEntries(Object.entries(named).map(([name, one]) => [name, kept(one, depth + 1)]));
}
