/** The whole use of a connection in one place: docs/questions.md shows it. */
import { expect, it } from 'vitest';
import { openConnection } from '../src/engine/session/open-connection.ts';
import { serve } from './support/connect.ts';
import { until } from './support/listen.ts';

it('a client connects with its key, lists the tools, calls one and says good-bye', async () => {
  const server = await serve({
    intercept: (request, response) => {
      if (request.headers['x-api-key'] === 'the key') return false;
      response.writeHead(401).end();
      return true;
    },
  });
  const { url } = server;
  const listed: string[][] = [];

  const connection = openConnection(
    {
      serverId: 'clock',
      configVersion: 1,
      url,
      transport: 'auto',
      credential: { method: 'api_key', header: 'X-API-Key', secret: 'the key' },
      callTimeoutMs: 10_000,
      maxConcurrency: 4,
    },
    { policy: 'local', onCatalog: ({ tools }) => listed.push(tools.map(({ name }) => name)) },
  );
  const result = await connection.call('echo', {});
  expect(result).toMatchObject({ speech: 'echo ran', isError: false });
  await until(() => connection.state.name === 'ready', 'the list of tools');
  expect(listed).toEqual([['echo', 'hang']]);
  await connection.close();
  expect(server.goodbyes).toBe(1);
});
