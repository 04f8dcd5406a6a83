/**
 * The client under test in the official conformance suite, which runs it with the address of a scenario's server.
 * Scenarios without sign-in run on the engine of the product, as a conversation uses it.
 */
import { openConnection } from '@patchbay/shared/mcp/connection';
import { probe } from '@patchbay/shared/mcp/probe';
import { signInAndCall } from './sign-in.ts';

const [url = ''] = process.argv.slice(2);
const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? '';
const context: unknown = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}');

/** Calls every tool of the server, after it was tested as the page tests it. */
async function useEngine(): Promise<void> {
  const target = { url, transport: 'auto', credential: { method: 'none' } } as const;
  const tested = await probe(target, { policy: 'local' });
  if (!tested.ok) throw new Error(`${tested.phase} failed: ${tested.code}`);
  const connection = openConnection(
    { ...target, serverId: 'conformance', configVersion: 1, callTimeoutMs: 10_000, maxConcurrency: 4 },
    { policy: 'local', elicit: () => Promise.resolve({ action: 'accept', content: {} }) },
  );
  for (const { name } of tested.tools) {
    const { isError, text } = await connection.call(name, ARGUMENTS[name] ?? {});
    if (isError) throw new Error(`${name} failed: ${text}`);
  }
  await connection.close();
}

const ARGUMENTS: Record<string, Record<string, unknown>> = { add_numbers: { a: 2, b: 3 } };

if (scenario.startsWith('auth/')) await signInAndCall(url, scenario, context);
else await useEngine();
