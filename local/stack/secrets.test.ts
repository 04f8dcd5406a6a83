import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { loadSecrets, SECRETS_FILE } from './secrets.ts';
import { writeJson } from './stack-file.ts';

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-secrets-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

it('the demo password is one of its checkout, and stays', () => {
  const [one, other] = [newFolder(), newFolder()];
  const { demoPassword } = loadSecrets(one);
  expect(demoPassword).toMatch(/^demo-[0-9a-f]{20}$/);
  expect(loadSecrets(one).demoPassword).toBe(demoPassword);
  expect(loadSecrets(other).demoPassword).not.toBe(demoPassword);
  expect(statSync(join(one, SECRETS_FILE)).mode & 0o777).toBe(0o600);
});

it('secrets from when the password was the same everywhere get one, and keep the rest', () => {
  const folder = newFolder();
  const { demoPassword, ...older } = loadSecrets(folder);
  writeJson(join(folder, SECRETS_FILE), older);
  const completed = loadSecrets(folder);
  expect(completed).toEqual({ ...older, demoPassword: expect.stringMatching(/^demo-/) as string });
  expect(completed.demoPassword).not.toBe(demoPassword);
  expect(loadSecrets(folder)).toEqual(completed);
});

it('damaged secrets are told, and not replaced', () => {
  const folder = newFolder();
  writeJson(join(folder, SECRETS_FILE), { secretsKeys: 1 });
  expect(() => loadSecrets(folder)).toThrow(/secrets\.json is damaged/);
});
