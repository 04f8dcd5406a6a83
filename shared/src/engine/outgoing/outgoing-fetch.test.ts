import { expect, it } from 'vitest';
import { resolveAllowed } from './outgoing-fetch.ts';

it('takes 16 of the allowed addresses of a name, so that one with thousands is no more to count and to try', async () => {
  const addresses = Array.from({ length: 500 }, (_, n) => ({
    address: `10.0.0.${n % 256}`,
    family: 4,
  })).concat(Array.from({ length: 500 }, (_, n) => ({ address: `192.88.98.${n % 256}`, family: 4 })));
  const allowed = await resolveAllowed('many.example', 'public', async () => addresses);
  expect(allowed).toHaveLength(16);
  expect(allowed[0]).toEqual({ address: '192.88.98.0', family: 4 });
});
