import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ProbeJob } from '../database.ts';
import { probeIsolated } from './isolated-probe.ts';

const job = { id: 'server-1' } as ProbeJob;

function program(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'isolated-')), 'program.mjs');
  writeFileSync(file, text);
  return file;
}

it('answers what the process found', async () => {
  const echo = program(
    `process.once('message', (job) => process.send({ asked: job.id, with: process.argv[2] }));`,
  );
  expect(await probeIsolated(job, echo)).toEqual({ asked: 'server-1', with: 'probe-isolated' });
});

it('a process that ends or runs out of memory is no answer, and takes nothing along', async () => {
  expect(await probeIsolated(job, program(`process.once('message', () => process.exit(1));`))).toBeNull();
  const greedy = program(
    `process.once('message', () => { const all = []; for (;;) all.push(new Array(1e6).fill({})); });`,
  );
  expect(await probeIsolated(job, greedy)).toBeNull();
}, 60_000);
