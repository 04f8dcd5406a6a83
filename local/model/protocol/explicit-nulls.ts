// A reasoning model sends null for optional arguments that weren't said.
import type { Param } from './tool-schema.ts';

type Args = Record<string, unknown>;

/** The arguments with a null for each optional parameter that has none, inside objects and lists too. */
export function withExplicitNulls(args: Args, params: Param[]): Args {
  const whole: Args = {};
  for (const param of params) {
    const value = args[param.name];
    if (value !== undefined) whole[param.name] = completed(value, param);
    else if (!param.required) whole[param.name] = null;
  }
  return { ...args, ...whole };
}

function completed(value: unknown, param: Param): unknown {
  const { items } = param;
  if (Array.isArray(value)) return (value as unknown[]).map((one) => (items ? completed(one, items) : one));
  if (typeof value !== 'object' || value === null) return value;
  return withExplicitNulls(value as Args, param.properties); // a plain object: neither null nor a list
}
