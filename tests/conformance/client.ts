/** The official conformance suite runs this client with the address of a scenario's server. */
import { openConnection } from '@patchbay/shared/engine/session/open-connection';
import { withoutExplicitNulls } from '@patchbay/shared/engine/messages/explicit-nulls';
import { probe } from '@patchbay/shared/engine/probe/probe';
import type { CatalogTool } from '@patchbay/shared/contract/schema/tool';
import { z } from 'zod';
import { signInAndCall } from './sign-in.ts';

const [url = ''] = process.argv.slice(2);
const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? '';
const context: unknown = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}');

const Context = z.object({
  toolCalls: z.array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })).optional(),
});

type PlannedCall = { name: string; args: Record<string, unknown> };

function callsFor(tools: readonly CatalogTool[]): PlannedCall[] {
  const { toolCalls } = Context.parse(context);
  if (toolCalls) return toolCalls.map(({ name, arguments: args }) => withoutNulls({ name, args }, tools));
  switch (scenario) {
    case 'json-schema-ref-no-deref':
      // Its server supports only tools/list.
      return [];
    case 'json-schema-2020-12-preservation':
      return [{ name: 'json_schema_echo', args: { schema: schemaOf('json_schema_2020_12_tool', tools) } }];
    default:
      return tools.map(({ name }) => ({ name, args: ARGUMENTS[name] ?? {} }));
  }
}

function withoutNulls({ name, args }: PlannedCall, tools: readonly CatalogTool[]): PlannedCall {
  return { name, args: withoutExplicitNulls(args, schemaOf(name, tools)) };
}

function schemaOf(name: string, tools: readonly CatalogTool[]): Record<string, unknown> {
  return tools.find((tool) => tool.name === name)?.input_schema ?? {};
}

const ARGUMENTS: Record<string, Record<string, unknown>> = {
  add_numbers: { a: 2, b: 3 },
  valid_tool: { region: 'eu' },
};

async function useEngine(): Promise<void> {
  const target = { url, transport: 'auto', credential: { method: 'none' } } as const;
  const tested = await probe(target, { policy: 'local' });
  if (!tested.ok) throw new Error(`${tested.phase} failed: ${tested.code}`);
  const listed = Promise.withResolvers<void>();
  const connection = openConnection(
    { ...target, serverId: 'conformance', configVersion: 1, callTimeoutMs: 10_000, maxConcurrency: 4 },
    {
      policy: 'local',
      elicit: () => Promise.resolve({ action: 'accept', content: {} }),
      onCatalog: () => listed.resolve(),
    },
  );
  await listed.promise;
  for (const { name, args } of callsFor(tested.tools)) {
    const { isError, text } = await connection.call(name, args);
    if (isError) throw new Error(`${name} failed: ${text}`);
  }
  await connection.close();
}

if (scenario.startsWith('auth/')) await signInAndCall(url, scenario, context);
else await useEngine();
