import type { ModelTool } from '../tools/tool-set.ts';

/** A tool of a server as the model would get it, for tests. */
export function modelTool(name: string, rest: Partial<ModelTool> = {}): ModelTool {
  return {
    name,
    description: name,
    parameters: { type: 'object', properties: {} },
    serverId: 's',
    serverName: 'server',
    toolName: name,
    repeatable: false,
    access: 'write',
    saysItReads: false,
    isPinned: false,
    tokens: 20,
    ...rest,
  };
}
