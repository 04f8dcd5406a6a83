import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHealthProject, type HealthProject } from './project.ts';

interface Job {
  id: string;
  workspace_id: string;
  lease_id: string;
}

let project: HealthProject;
beforeAll(async () => {
  project = await openHealthProject();
});
afterAll(() => project.close());

async function claim(limit: number, leaseMs: number): Promise<Job[]> {
  const monitor = crypto.randomUUID();
  const [row] = await project.sql<{ jobs: Job[] }[]>`
    select claim_due_servers(${monitor}, ${limit}, ${leaseMs}, 240000) as jobs`;
  return row?.jobs ?? [];
}

async function finish(jobs: Job[], nextMs: number): Promise<number> {
  const results = jobs.map(({ id, lease_id }) => ({ server_id: id, lease_id, next_ms: nextMs, memory: {} }));
  const [row] = await project.sql<{ held: number }[]>`
    select finish_probes(${project.sql.json(results)}) as held`;
  return row?.held ?? 0;
}

async function fill(workspaceId: string, count: number): Promise<void> {
  await project.sql`
    insert into mcp_servers (workspace_id, name, url, slug)
    select ${workspaceId}, 'test', 'https://test.example/mcp', 's' || n from generate_series(1, ${count}::int) n`;
  await project.sql`update mcp_server_health set due_at = now() where workspace_id = ${workspaceId}`;
}

async function empty(): Promise<void> {
  await project.sql`delete from mcp_servers`;
}

describe('leases', () => {
  it('eight monitors at once take each due server once', async () => {
    const workspaces = await Promise.all(Array.from({ length: 6 }, () => project.addWorkspace()));
    for (const workspace of workspaces) await fill(workspace, 60);
    const taken: string[] = [];
    const monitor = async (): Promise<void> => {
      for (let idle = 0; idle < 5;) {
        const jobs = await claim(15, 60_000);
        idle = jobs.length === 0 ? idle + 1 : 0;
        taken.push(...jobs.map(({ id }) => id));
        expect(await finish(jobs, 3_600_000)).toBe(jobs.length);
      }
    };
    await Promise.all(Array.from({ length: 8 }, monitor));
    expect(taken).toHaveLength(360);
    expect(new Set(taken).size).toBe(360);
    await empty();
  });

  it('what a dead monitor held is free when its lease has run out, and its late word counts no more', async () => {
    await fill(await project.addWorkspace(), 5);
    // One owner gets at most half.
    const dead = await claim(10, 300);
    expect(dead).toHaveLength(5);
    expect(await claim(10, 60_000)).toEqual([]);
    let heirs: Job[] = [];
    await expect.poll(async () => (heirs = await claim(10, 60_000)).length, { timeout: 60_000 }).toBe(5);
    expect(heirs.map(({ id }) => id).sort()).toEqual(dead.map(({ id }) => id).sort());
    expect(await finish(dead, 1_000)).toBe(0);
    expect(await finish(heirs, 1_000)).toBe(5);
    await empty();
  });

  it('an owner with three servers does not wait for one with two thousand, who gets half of the slots', async () => {
    const [large, small] = [await project.addWorkspace(), await project.addWorkspace()];
    await fill(large, 2_000);
    await fill(small, 3);
    const jobs = await claim(32, 60_000);
    expect(jobs.filter(({ workspace_id }) => workspace_id === small)).toHaveLength(3);
    const ofLarge = jobs.length - 3;
    expect(ofLarge).toBeGreaterThanOrEqual(14);
    expect(ofLarge).toBeLessThanOrEqual(16);
    await empty();
  });

  it('an edit takes the server away from whoever held it, and switching off takes it out', async () => {
    const workspace = await project.addWorkspace();
    await fill(workspace, 1);
    const held = await claim(1, 60_000);
    await project.sql`update mcp_servers set url = 'https://scenario.example/other'`;
    expect(await finish(held, 1_000)).toBe(0);
    await project.sql`update mcp_servers set is_active = false`;
    const [row] = await project.sql`select due_at from mcp_server_health where workspace_id = ${workspace}`;
    expect(row).toEqual({ due_at: null });
    await empty();
  });

  it('who looks at a workspace brings its old states up, and leaves the fresh ones', async () => {
    const workspace = await project.addWorkspace();
    await fill(workspace, 2);
    await project.sql`
      update mcp_server_health set due_at = now() + interval '4 minutes' where workspace_id = ${workspace}`;
    await project.sql`
      update mcp_servers set connection_status = 'connected', status_observed_at = case slug
        when 's1' then now() - interval '3 minutes' else now() - interval '10 seconds' end`;
    await project.sql`select private.watch(${workspace}, interval '0 seconds')`;
    const due = await project.sql`
      select s.slug, h.due_at < now() + interval '3 seconds' as is_soon,
        h.due_at < now() + interval '55 seconds' as is_within_its_minute
      from mcp_server_health h join mcp_servers s on s.id = h.server_id order by s.slug`;
    expect([...due]).toEqual([
      { slug: 's1', is_soon: true, is_within_its_minute: true },
      { slug: 's2', is_soon: false, is_within_its_minute: true },
    ]);
    await empty();
  });
});
