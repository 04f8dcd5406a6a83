/** A name that resolves to a public address when checked and to a private one when connecting. Only DNS is faked. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressPolicy } from '../../../shared/src/engine/outgoing/address-policy.ts';
import { probe } from '../../../shared/src/engine/probe/probe.ts';
import type { ProbeFailure, TestConnectionBody } from '../../../shared/src/contract/schema/functions.ts';
import { handle as discoverTools } from '../discover-tools/handle.ts';
import { handle as testConnection } from '../test-connection/handle.ts';
import type { Answer } from './answer.ts';
import { fakeDatabase, keys, SERVER_ID, storedServer } from './fixtures.ts';
import type { Probe } from './stored-server.ts';
import { dialingTest } from './testing/dialing-test.ts';

const PUBLIC = '93.184.215.14';
const PRIVATE = '127.0.0.1';

async function scene(scheme: 'http' | 'https', policy: AddressPolicy, answers: string[]) {
  let connections = 0;
  const listener = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((done) => listener.listen(0, PRIVATE, done));
  const { port } = listener.address() as { port: number };
  const asked: string[] = [];
  const rebinding: Probe = (target, options) =>
    probe(target, {
      ...options,
      resolve: (name) => {
        const address = answers[asked.push(name) - 1] ?? PRIVATE;
        return Promise.resolve([{ address, family: 4 }]);
      },
    });
  const url = `${scheme}://rebinding.example:${port}/mcp`;
  const database = {
    ...fakeDatabase(await storedServer({ url }), { role: 'owner' }),
    storeCatalog: () => Promise.reject(new Error('There is nothing to store.')),
  };
  const deps = {
    database,
    probe: rebinding,
    settings: { policy, timeoutMs: 5_000 },
    readKeys: () => keys,
    now: () => new Date(),
  };
  const draft: TestConnectionBody = {
    url,
    transport: 'auto',
    protocol_era: 'auto',
    auth_method: 'bearer_token',
    auth_header: 'X-API-Key',
    credential: 'sk-draft',
  };
  return {
    ways: {
      'test-connection, a draft': () => testConnection(draft, deps),
      'test-connection, a stored server': () => testConnection({ server_id: SERVER_ID }, deps),
      'discover-tools': () => discoverTools({ server_id: SERVER_ID }, deps),
    } satisfies Record<string, () => Promise<Answer>>,
    asked,
    reached: () => connections,
    // Not awaited: the hosted Deno version never reports a closed listener whose connection was destroyed.
    close: () => void listener.close(),
  };
}

type Way = keyof Awaited<ReturnType<typeof scene>>['ways'];
const WAYS: Way[] = ['test-connection, a draft', 'test-connection, a stored server', 'discover-tools'];

for (const way of WAYS) {
  dialingTest(
    `${way}: a name that turns private after the check is refused, and nobody is reached`,
    async () => {
      const { ways, asked, reached, close } = await scene('https', 'public', [PUBLIC]);
      const { body } = await ways[way]();
      close();
      const { code, phase } = body as ProbeFailure;
      assert.deepEqual({ code, phase }, { code: 'blocked_address', phase: 'connect' });
      assert.ok(asked.length >= 2, 'the name is looked up once more for the socket');
      assert.equal(reached(), 0);
    },
  );

  dialingTest(`${way}: a name that is private from the start is refused before any socket`, async () => {
    const { ways, reached, close } = await scene('https', 'public', []);
    const { body } = await ways[way]();
    close();
    const { code, phase } = body as ProbeFailure;
    assert.deepEqual({ code, phase }, { code: 'blocked_address', phase: 'address' });
    assert.equal(reached(), 0);
  });

  dialingTest(
    `${way}: where private addresses are allowed, the same name leads to the listener`,
    async () => {
      const { ways, reached, close } = await scene('http', 'local', [PRIVATE]);
      await ways[way]();
      close();
      assert.ok(reached() > 0, 'otherwise the tests above would show nothing');
    },
  );
}
