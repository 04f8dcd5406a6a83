import { beforeAll, describe, expect, it } from 'vitest';
import { newPerson } from '../support/person.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';
import { visitAs, type Visitor } from '../support/visitor.ts';

const PATHS = [
  '/api/watch',
  '/api/tools',
  '/sign-out',
  '/theme',
  '/workspace/switch',
  '/servers',
  '/nowhere',
];
const TYPES = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/octet-stream',
];
const SENT: Record<string, string>[] = [
  ...TYPES.map((type) => ({ 'content-type': type, origin: 'https://evil.example' })),
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  {},
];

describe.runIf(hasStack)('a page of another site', () => {
  it.each(PATHS)('has no unsafe request to %s carried out', async (path) => {
    const { web_url } = runningStack();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      for (const headers of SENT) {
        const init = { method, headers: { accept: 'text/html', ...headers }, body: '{}' };
        const response = await fetch(web_url + path, { ...init, redirect: 'manual' });
        expect([method, headers, response.status]).toEqual([method, headers, 403]);
      }
  });

  describe('leads a signed-in user', () => {
    let visitor: Visitor;
    beforeAll(async () => {
      visitor = await visitAs(await newPerson('led'));
    });

    it.each([
      '/%09/evil.example',
      '/%0a/evil.example',
      '//evil.example',
      '/%5cevil.example',
      '/.//evil.example',
      '/%252f/evil.example',
      'https://evil.example/',
      'javascript:alert(1)',
    ])('by %s only to the list of servers', async (target) => {
      for (const path of [`/sign-in?next=${target}`, `/sign-up?next=${target}`])
        expect((await visitor.get(path)).location).toBe('/servers');
      const form = decodeURIComponent(target);
      expect((await visitor.send('/theme', { theme: 'dark', from: form })).location).toBe('/servers');
    });
  });
});
