import { spawnSync } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { commandFor, launch } from './launch.ts';
import { SERVERS } from './servers.ts';
import type { RegistryServer } from './registry-server.ts';

const PLACE = { folder: "/tmp/it's here", port: 4000 };
const server: RegistryServer = {
  name: 'notes',
  from: 'npm',
  package: 'notes',
  version: '1.0.0',
  program: 'notes',
  args: ({ folder }) => [folder],
  tools: 1,
  calls: () => [],
};
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

it('supergateway gets one line that a shell reads as the same words', () => {
  const { args } = commandFor({ ...server, bridge: 'supergateway' }, '/bin/notes', '/bin/bridge', PLACE);
  const line = args[args.indexOf('--stdio') + 1];
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
  expect(stdout.trim().split('\n')).toEqual(['/bin/notes', PLACE.folder]);
});

it('a server that listens on every address is kept to loopback', async () => {
  const script = "require('node:http').createServer((q, a) => a.end()).listen(process.env.PORT, '0.0.0.0')";
  const everywhere: RegistryServer = {
    ...server,
    args: () => ['-e', script],
    env: ({ port }) => ({ PORT: String(port) }),
    http: { path: '/' },
  };
  const launched = await launch(everywhere, process.execPath);
  ends.push(() => launched.end());
  const answers = (host: string) =>
    fetch(`http://${host}:${launched.place.port}/`).then(
      () => true,
      () => false,
    );
  // On Linux each 127.x.y.z is a local address, but only 127.0.0.1 is listened on.
  expect([await answers('127.0.0.1'), await answers('127.0.0.2')]).toEqual([true, false]);
});

it('what does not start says why', async () => {
  const broken: RegistryServer = {
    ...server,
    args: () => ['-e', 'throw new Error("no licence")'],
    http: { path: '/' },
  };
  await expect(launch(broken, process.execPath)).rejects.toThrow('no licence');
});

it('each server has a name of its own and an exact version; npm test has at least seven from npm', () => {
  const names = SERVERS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, version } of SERVERS) expect(version, name).toMatch(/^v?\d+(\.\w+)+$/);
  expect(SERVERS.filter(({ isQuick, from }) => isQuick && from === 'npm').length).toBeGreaterThanOrEqual(7);
});
