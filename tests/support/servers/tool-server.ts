import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ListToolsRequestSchema,
  type Tool,
} from '@modelcontextprotocol/sdk/types.js';
import { startLoopbackServer } from '../../../local/servers/loopback-server.ts';

export interface ToolServer {
  url: string;
  /** Newest last. */
  readonly called: readonly string[];
  /** Replaces the tools and notifies every session. */
  change(tools: readonly Tool[]): Promise<void>;
  close(): Promise<void>;
}

/** A tool that takes no arguments. */
export function plainTool(name: string, description = `Does ${name}.`): Tool {
  return { name, description, inputSchema: { type: 'object', properties: {} } };
}

/**
 * @param tools listed as they are, also those that no SDK would let pass
 * @param answer with which every tool answers: a text, or a whole result
 */
export async function startToolServer(
  tools: readonly Tool[],
  answer: string | CallToolResult = 'Done.',
): Promise<ToolServer> {
  let listed = [...tools];
  const called: string[] = [];
  const sessions = new Set<McpServer>();
  const house = await startLoopbackServer({
    port: 0,
    createSession: () => {
      const mcp = new McpServer(
        { name: 'test', version: '1.0.0' },
        { capabilities: { tools: { listChanged: true } } },
      );
      mcp.server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed }));
      mcp.server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
        called.push(params.name);
        return typeof answer === 'string' ? { content: [{ type: 'text', text: answer }] } : answer;
      });
      sessions.add(mcp);
      return { mcp, ended: () => sessions.delete(mcp) };
    },
  });
  return {
    url: house.url,
    called,
    async change(next) {
      listed = [...next];
      await Promise.all([...sessions].map((mcp) => mcp.server.sendToolListChanged()));
    },
    close: () => house.close(),
  };
}
