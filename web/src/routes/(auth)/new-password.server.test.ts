import { expect, it } from 'vitest';
import { allowNewPassword, endNewPassword, mayChooseNewPassword } from './new-password.server.ts';

it('a confirmed link allows one password change of its own account', () => {
  const jar = new Map<string, string>();
  const cookies = {
    get: (name: string) => jar.get(name),
    set: (name: string, value: string) => void jar.set(name, value),
    delete: (name: string) => void jar.delete(name),
  };
  const event = { cookies, url: new URL('https://patchbay.example') } as unknown as Parameters<
    typeof allowNewPassword
  >[0];
  expect(mayChooseNewPassword(event, 'ann')).toBe(false);
  allowNewPassword(event, 'ann');
  expect(mayChooseNewPassword(event, 'ann')).toBe(true);
  expect(mayChooseNewPassword(event, 'bob')).toBe(false);
  endNewPassword(event);
  expect(mayChooseNewPassword(event, 'ann')).toBe(false);
});
