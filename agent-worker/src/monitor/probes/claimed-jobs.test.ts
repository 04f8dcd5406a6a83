import { expect, it } from 'vitest';
import { ClaimedJobs } from './claimed-jobs.ts';

const jobsOf = (owner_id: string, count: number) => Array.from({ length: count }, () => ({ owner_id }));

function start(jobs: ClaimedJobs<{ owner_id: string }>): string[] {
  const started: string[] = [];
  for (let job = jobs.takeNext(); job; job = jobs.takeNext()) started.push(job.owner_id);
  return started;
}

it('an owner whose probes hang leaves slots, and the next owner passes its waiting jobs', () => {
  const jobs = new ClaimedJobs(8);
  jobs.add(jobsOf('hanging', 8), 0);
  expect(start(jobs)).toHaveLength(4);
  expect(jobs.heldByOwner).toEqual({ hanging: 8 });
  jobs.add(jobsOf('victim', 2), 0);
  expect(start(jobs)).toEqual(['victim', 'victim']);
  expect(jobs.heldByOwner).toEqual({ hanging: 8, victim: 2 });
  expect(jobs.room).toBe(6);
});

it('a slot that is given back goes on to the job that waits', () => {
  const jobs = new ClaimedJobs<{ owner_id: string }>(1);
  const [first, second] = [{ owner_id: 'a' }, { owner_id: 'a' }];
  jobs.add([first, second], 0);
  expect(jobs.takeNext()).toBe(first);
  expect(jobs.takeNext()).toBeNull();
  jobs.release(first);
  expect(jobs.takeNext()).toBe(second);
  expect(jobs.isWaiting).toBe(false);
});

it('jobs that waited too long for a slot are taken out', () => {
  const jobs = new ClaimedJobs(2);
  jobs.add(jobsOf('a', 2), 1_000);
  jobs.add(jobsOf('b', 1), 2_000);
  expect(jobs.takeOverdue(1_500)).toEqual(jobsOf('a', 2));
  expect(start(jobs)).toEqual(['b']);
});
