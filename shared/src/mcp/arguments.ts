/** The arguments of a call as its tool takes them, or why it does not. */
import { Validator } from '@cfworker/json-schema';
import { faultSentence } from './argument-fault.ts';
import { withoutExplicitNulls } from './explicit-nulls.ts';
import { isSchemaObject, uniformSchema, type JsonSchema } from './schema-dialect.ts';

/** Keywords under which the keys are names, not keywords. */
const NAMED = new Set(['properties', '$defs', 'dependentSchemas']);
/** Values, in which nothing is a keyword. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);

/** Steps that a check may take at most, as far as the schema tells; more would block everything else. */
const MAX_STEPS = 100_000;

type Args = Record<string, unknown>;

export interface ReadArguments {
  /** Without the nulls of optional arguments. */
  args: Args;
  /** What is wrong with them, as one sentence for a model or a person; null when they fit. */
  fault: string | null;
}

/** Reads the arguments of a call. Never throws. */
export type ArgumentReader = (args: Args) => ReadArguments;

/** A reader for the original input schema. A schema that cannot be used leaves the judgement to the server. */
export function argumentReader(inputSchema: JsonSchema): ArgumentReader {
  const { root, defs } = uniformSchema(inputSchema);
  const whole = { ...root, $defs: defs };
  const schema = withoutPatterns(whole) as JsonSchema;
  const isTooLong = steps(schema, defs, new Map()) > MAX_STEPS;
  let validator: Validator | undefined;
  const faultOf = (args: Args) => {
    if (isTooLong) return null;
    try {
      // It interprets the schema, without making code of it; all faults at once save the model a round.
      validator ??= new Validator(schema, '2020-12', false);
      const { valid, errors } = validator.validate(args);
      return valid ? null : faultSentence(errors, schema, args);
    } catch {
      return null;
    }
  };
  return (given) => {
    const args = withoutExplicitNulls(given, whole);
    return { args, fault: faultOf(args) };
  };
}

/** A pattern of a stranger can keep us busy for hours; those the server checks itself. */
function withoutPatterns(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPatterns);
  if (!isSchemaObject(value)) return value;
  const { pattern: _pattern, patternProperties, ...rest } = value;
  // Which properties are additional only the patterns could tell.
  if (isSchemaObject(patternProperties)) {
    delete rest.additionalProperties;
    delete rest.unevaluatedProperties;
  }
  const kept = Object.entries(rest).map(([key, part]) => [
    key,
    NAMED.has(key) && isSchemaObject(part)
      ? Object.fromEntries(Object.entries(part).map(([name, one]) => [name, withoutPatterns(one)]))
      : DATA.has(key)
        ? part
        : withoutPatterns(part),
  ]);
  return Object.fromEntries(kept);
}

/** How many schemas a check visits, each reference followed; what refers to itself goes only as deep as the arguments. */
function steps(value: unknown, defs: Record<string, JsonSchema>, known: Map<string, number>): number {
  if (typeof value !== 'object' || value === null) return 0;
  let sum = 1;
  for (const [key, part] of Object.entries(value)) {
    if (key !== '$defs' && !DATA.has(key)) sum += steps(part, defs, known);
  }
  if (!('$ref' in value) || typeof value.$ref !== 'string') return sum;
  const name = value.$ref.replace('#/$defs/', '');
  if (!known.has(name)) {
    known.set(name, 1);
    known.set(name, steps(defs[name], defs, known));
  }
  return sum + (known.get(name) ?? 0);
}
