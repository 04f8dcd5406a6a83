import { afterAll, beforeAll, expect, test } from 'vitest';
import { openProject, type Project } from './fixtures/project.ts';
import { startPruning } from './pruning.ts';

let project: Project;
const log: string[] = [];

beforeAll(async () => {
  project = await openProject();
}, 60_000);
afterAll(() => project?.close());

async function prunedTimes(): Promise<number> {
  const [row] = await project.sql<
    { times: number }[]
  >`select last_value::integer as times from private.pruned`;
  return row?.times ?? 0;
}

test('a database without the function is left alone', async () => {
  const stop = await startPruning(project.sql, (line) => log.push(line));
  stop();
  expect(log).toEqual([]);
});

test('the function runs at once and again, and a failure ends nothing', async () => {
  await project.sql`create schema if not exists private`;
  await project.sql`create sequence private.pruned`;
  await project.sql`
    create function private.prune_history() returns bigint language plpgsql as $$
    begin
      if nextval('private.pruned') = 2 then raise 'not now'; end if;
      return 1;
    end $$`;
  const stop = await startPruning(project.sql, (line) => log.push(line), 20);
  try {
    expect(await prunedTimes()).toBeGreaterThanOrEqual(1);
    await expect.poll(prunedTimes, { timeout: 15_000 }).toBeGreaterThan(2);
  } finally {
    stop();
  }
  expect(log).toEqual([expect.stringContaining('not now')]);
});
