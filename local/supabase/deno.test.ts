import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { findDeno, findHostedDeno, HOSTED_DENO_VERSION } from './deno.ts';

const ROOT = join(import.meta.dirname, '../..');
const { devDependencies } = z
  .object({ devDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
const versionOf = (binary: string): string | undefined =>
  /^deno (\S+)/.exec(execFileSync(binary, ['--version'], { encoding: 'utf8' }))?.[1];

it('the hosted Deno is the version in package.json, and runs on this machine', () => {
  expect(devDependencies['deno-hosted']).toBe(`npm:deno@${HOSTED_DENO_VERSION}`);
  expect(versionOf(findHostedDeno())).toBe(HOSTED_DENO_VERSION);
});

it('the newer Deno is not shadowed by the hosted one', () => {
  expect(versionOf(findDeno())).toBe(devDependencies['deno']);
  expect(findDeno()).not.toBe(findHostedDeno());
});
