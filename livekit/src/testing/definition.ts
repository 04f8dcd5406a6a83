import type { ModelTool } from '../tools/tool-set.ts';

/** The part of a tool that the model sees, in the shape that the Realtime API echoes. */
export function toDefinition({ name, description, parameters }: ModelTool) {
  return { type: 'function' as const, name, description, parameters };
}
