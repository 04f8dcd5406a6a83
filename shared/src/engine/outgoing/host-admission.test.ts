import { expect, it } from 'vitest';
import { admitRequest, countedAside, HostAdmission, type CountHostRequests } from './host-admission.ts';

const ENOUGH: CountHostRequests = async () => ({ wait_s: 0, at_once: 4 });
const addressesOf = async () => ['192.0.2.1'];
const visit = (url: string) => admitRequest(new URL(url), addressesOf);

it('counts five requests at a time, under the name of the host and its addresses', async () => {
  const counted: unknown[] = [];
  const count: CountHostRequests = async (...call) => {
    counted.push(call);
    return ENOUGH(...call);
  };
  await new HostAdmission().run('ada', count, async () => {
    for (let request = 0; request < 6; request += 1) await visit('https://API.example.:8443/mcp');
    await visit('https://elsewhere.example/');
  });
  const once = [['name:api.example', 'address:192.0.2.1'], 5];
  expect(counted).toEqual([once, once, [['name:elsewhere.example', 'address:192.0.2.1'], 5]]);
});

it('counts an IPv4 address and the same one within IPv6 once', async () => {
  const counted: string[][] = [];
  const count: CountHostRequests = async (names) => {
    counted.push(names);
    return { wait_s: 0, at_once: 4 };
  };
  const addresses = async () => ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201'];
  await new HostAdmission().run('ada', count, () => admitRequest(new URL('https://a.example/'), addresses));
  expect(counted).toEqual([['name:a.example', 'address:192.0.2.1']]);
});

it('a host with no requests left is an error that says when to come back', async () => {
  const count: CountHostRequests = async () => ({ wait_s: 17, at_once: 4 });
  const refused = new HostAdmission().run('ada', count, () => visit('https://api.example/'));
  await expect(refused).rejects.toMatchObject({ code: 'host_busy', retryAfterMs: 17_000 });
});

it('one owner visits a host with half of what is allowed at once, and leaves a place for others', async () => {
  const admission = new HostAdmission();
  admission.allow(4);
  const inside = Promise.withResolvers<void>();
  const stay = (owner: string) =>
    admission.run(owner, ENOUGH, async () => {
      await visit('https://api.example/');
      await inside.promise;
    });
  const first = [stay('ada'), stay('ada')];
  const third = stay('ada').then(
    () => 'visited',
    ({ code }: { code: string }) => code,
  );
  const other = stay('bob');
  expect(await third).toBe('host_busy');
  inside.resolve();
  await Promise.all([...first, other]);
  await stay('ada');
});

it('a visit that waits goes on when another one ends', async () => {
  const admission = new HostAdmission();
  admission.allow(1);
  const inside = Promise.withResolvers<void>();
  const first = admission.run('ada', ENOUGH, async () => {
    await visit('https://api.example/');
    await inside.promise;
  });
  const second = admission.run('bob', ENOUGH, () => visit('https://api.example/'));
  inside.resolve();
  await Promise.all([first, second]);
});

it('what goes on after a visit is not counted, and takes no place', async () => {
  const admission = new HostAdmission();
  admission.allow(1);
  const later = Promise.withResolvers<void>();
  let goesOn = Promise.resolve();
  await admission.run('ada', ENOUGH, async () => {
    goesOn = later.promise.then(() => visit('https://api.example/'));
  });
  later.resolve();
  await goesOn;
  expect(admission.take('api.example', 'bob')).toBe(true);
});

it('what is counted aside waits for no answer, and is never refused', async () => {
  const counted: unknown[] = [];
  const count = countedAside(async (...call) => {
    counted.push(call);
    throw new Error('the database is unreachable');
  });
  await new HostAdmission().run('ada', count, () => visit('https://api.example/'));
  expect(counted).toEqual([[['name:api.example', 'address:192.0.2.1'], 5]]);
});

it('outside of a visit nothing is counted', async () => {
  await visit('https://api.example/');
});
