import { ProtocolError } from '@modelcontextprotocol/client';
import type { KnownTool } from '../session/target.ts';

/** JSON-RPC code of a server that misses headers of a call, or reads another value in them (specification 2026-07-28). */
const HEADER_MISMATCH = -32_020;

/** What the SDK needs to know of a tool to send arguments as headers, too. */
interface ToolDefinition {
  name: string;
  inputSchema: { type: 'object' };
}

/** The latest known definitions of the tools of one server. */
export class ToolDefinitions {
  #schemas = new Map<string, KnownTool['input_schema']>();

  /** Replaces all definitions. */
  set(tools: readonly KnownTool[]): void {
    this.#schemas = new Map(tools.map(({ name, input_schema }) => [name, input_schema]));
  }

  /**
   * The definition of a tool; an empty one for a tool that is not known. Without any the SDK would ask for the list
   * itself, and find no tool in it (see WatchedTransport).
   */
  of(name: string): ToolDefinition {
    // The catalog sees to `type: object`, which the compiler does not know.
    return { name, inputSchema: (this.#schemas.get(name) ?? { type: 'object' }) as { type: 'object' } };
  }
}

/**
 * Sends a call. One that the server refused for its headers did not run: it is sent once more when the tools were
 * listed, as the specification asks for.
 */
export async function withLatestHeaders<Result>(
  send: () => Promise<Result>,
  list: () => Promise<void>,
): Promise<Result> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.code !== HEADER_MISMATCH) throw error;
    const isListed = await list().then(
      () => true,
      () => false,
    );
    if (!isListed) throw error;
    return await send();
  }
}
