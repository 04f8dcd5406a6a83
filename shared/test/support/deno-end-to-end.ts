/** Run by Deno with the address of a server-everything; prints what it saw as JSON. */
import { openConnection } from '../../src/engine/session/open-connection.ts';
import { probe } from '../../src/engine/probe/probe.ts';

const [url = ''] = process.argv.slice(2);
const test = async (address: string, policy: 'local' | 'public') => {
  const result = await probe({ url: address, transport: 'auto', credential: { method: 'none' } }, { policy });
  return result.ok || result.code;
};

const connection = openConnection(
  {
    serverId: 'everything',
    configVersion: 1,
    url,
    transport: 'auto',
    credential: { method: 'none' },
    callTimeoutMs: 10_000,
    maxConcurrency: 1,
  },
  { policy: 'local' },
);
const call = (await connection.call('echo', { message: 'from Deno' })).speech;
await connection.close();
console.log(
  JSON.stringify({
    probe: await test(url, 'local'),
    refused: await test('http://127.0.0.1:2/mcp', 'local'),
    // Nothing speaks TLS there.
    insecure: await test(url.replace('http:', 'https:'), 'local'),
    blocked: await test('https://127.0.0.1/mcp', 'public'),
    call,
    closed: connection.state.name,
  }),
);
