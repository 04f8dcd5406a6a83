import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { demoServer } from '../running-stack.ts';

/** Takes all notes from the stack's notes server, whose tools are more while it holds some: tests share it. */
export async function emptyNotebook(): Promise<void> {
  const { url, credential } = demoServer('notes');
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { 'X-API-Key': credential ?? '' } },
    }),
  );
  try {
    const { tools } = await client.listTools();
    if (tools.some(({ name }) => name === 'delete_all_notes'))
      await client.callTool({ name: 'delete_all_notes' });
  } finally {
    await client.close();
  }
}
