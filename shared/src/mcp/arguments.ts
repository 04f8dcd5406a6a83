/** Whether arguments fit what a tool asks for, told so that a model can mend them. */
import { CfWorkerJsonSchemaValidator } from '@modelcontextprotocol/client/validators/cf-worker';
import { isSchemaObject, uniformSchema, type JsonSchema } from './schema-dialect.ts';

const MAX_CORRECTION = 1_000;
/** Keywords under which the keys are names, not keywords. */
const NAMED = new Set(['properties', '$defs', 'dependentSchemas']);
/** Values, in which nothing is a keyword. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);

/** Steps that a check may take at most, as far as the schema tells; more would block everything else. */
const MAX_STEPS = 100_000;

/** Takes arguments; gives null when they fit, else path and reason of each fault as `#/path: reason`. */
export type ArgumentCheck = (args: Record<string, unknown>) => string | null;

// It interprets the schema, without making code of it; all faults at once save the model a round.
const validator = new CfWorkerJsonSchemaValidator({ draft: '2020-12', shortcircuit: false });

/** A check for the original input schema. A schema that cannot be used leaves the judgement to the server. */
export function argumentCheck(inputSchema: JsonSchema): ArgumentCheck {
  const { root, defs } = uniformSchema(inputSchema);
  const schema = withoutPatterns({ ...root, $defs: defs });
  if (steps(schema, defs, new Map()) > MAX_STEPS) return () => null;
  let validate: ReturnType<typeof validator.getValidator> | null | undefined;
  return (args) => {
    try {
      validate ??= validator.getValidator(schema as JsonSchema);
      const { valid, errorMessage } = validate(args);
      return valid ? null : shortened(errorMessage);
    } catch {
      return null;
    }
  };
}

function shortened(faults: string): string {
  return faults.length > MAX_CORRECTION ? `${faults.slice(0, MAX_CORRECTION)}…` : faults;
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
