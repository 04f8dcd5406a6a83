/** The arguments of a call as its tool takes them, or why it does not. */
import { Validator } from '@cfworker/json-schema';
import { AppError } from '../../contract/errors.ts';
import { TooMuchWork } from '../../contract/json/work-budget.ts';
import { faultSentence } from './argument-fault.ts';
import { CountedSchema, sizeOfArguments, type ArgumentSize } from '../tools/counted-schema.ts';
import { withoutExplicitNulls } from '../messages/explicit-nulls.ts';
import { uniformSchema, type JsonSchema } from '../tools/schema-dialect.ts';

/** Deeper arguments cannot be checked, compared or stored safely; no honest tool needs them. */
const MAX_DEPTH = 64;
const TOO_DEEP = `The arguments are nested too deeply: at most ${MAX_DEPTH} levels are allowed.`;

type Args = Record<string, unknown>;

interface ReadArguments {
  /** Without the nulls of optional arguments. */
  args: Args;
  /** What is wrong with them, as one sentence for a model or a user; null if they fit. */
  fault: string | null;
}

/** Reads the arguments of a call. Never throws. */
export type ArgumentReader = (args: Args) => ReadArguments;

/** @throws AppError `invalid_arguments` for arguments that are nested too deeply for any tool */
export function assertDepth(args: Args): void {
  if (sizeOfArguments(args).depth > MAX_DEPTH) throw new AppError('invalid_arguments', { message: TOO_DEEP });
}

/**
 * A reader for the original input schema. A schema that cannot be used, or takes too much work for these arguments,
 * leaves the judgement to the server.
 */
export function argumentReader(inputSchema: JsonSchema): ArgumentReader {
  const whole = wholeSchema(inputSchema);
  let check: ((args: Args, size: ArgumentSize) => string | null) | undefined;
  return (given) => {
    const size = sizeOfArguments(given);
    if (size.depth > MAX_DEPTH) return { args: given, fault: TOO_DEEP };
    const args = withoutExplicitNulls(given, whole);
    check ??= validation(whole);
    return { args, fault: check(args, size) };
  };
}

function wholeSchema(inputSchema: JsonSchema): JsonSchema {
  try {
    const { root, defs } = uniformSchema(inputSchema);
    return { ...root, $defs: defs };
  } catch (error) {
    if (error instanceof TooMuchWork) return {};
    throw error;
  }
}

function validation(whole: JsonSchema): (args: Args, size: ArgumentSize) => string | null {
  let counted: CountedSchema | undefined;
  let validator: Validator | undefined;
  return (args, size) => {
    try {
      counted ??= new CountedSchema(whole);
      // It interprets the schema, without making code of it; all faults at once save the model a round.
      validator ??= new Validator(counted.schema, '2020-12', false);
      counted.begin(size);
      const { valid, errors } = validator.validate(args);
      return valid ? null : faultSentence(errors, counted.schema, args);
    } catch {
      return null;
    }
  };
}
