import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const CLIENT_INFO = { name: 'patchbay-bench', version: '0.1.0' };

export interface RawListing {
  tools: string[];
  /** From before the client is created until the list has arrived. */
  durationMs: number;
}

/** @modelcontextprotocol/client, finding out the era of the server as the product does. */
export async function listWithClient(url: string): Promise<RawListing> {
  const startedAtMs = performance.now();
  const client = new Client(CLIENT_INFO, { versionNegotiation: { mode: 'auto' } });
  const transport = new StreamableHTTPClientTransport(new URL(url));
  await client.connect(transport);
  const { tools } = await client.listTools();
  const durationMs = performance.now() - startedAtMs;
  // The modern era has no session to end.
  if (transport.sessionId !== undefined) await transport.terminateSession();
  await client.close();
  return { tools: tools.map(({ name }) => name), durationMs };
}

/** @modelcontextprotocol/sdk, which knows the older era only. */
export async function listWithSdk(url: string): Promise<RawListing> {
  const startedAtMs = performance.now();
  const client = new ClientV1(CLIENT_INFO);
  const transport = new TransportV1(new URL(url));
  await client.connect(transport);
  const { tools } = await client.listTools();
  const durationMs = performance.now() - startedAtMs;
  await transport.terminateSession();
  await client.close();
  return { tools: tools.map(({ name }) => name), durationMs };
}
