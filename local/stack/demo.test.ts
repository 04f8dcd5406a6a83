import { describe, expect, it } from 'vitest';
import { demoServers, planSeed } from './demo.ts';
import { portsFrom } from './ports.ts';

const servers = demoServers({ ports: portsFrom(4100), notesApiKey: 'key' });
const row = (name: string, more: object = {}) => ({
  id: `id-${name}`,
  name,
  url: servers.find((server) => server.name === name)?.url ?? '',
  has_credential: name === 'notes',
  tool_count: 3,
  trusts_hints: true,
  metadata: { demo: name },
  ...more,
});

describe('seeding the demo user', () => {
  it('adds all servers to a new user', () => {
    expect(planSeed(servers, [], []).map((step) => [step.do, step.server.name])).toEqual([
      ['insert', 'clock'],
      ['insert', 'notes'],
      ['insert', 'everything'],
    ]);
  });

  it('changes nothing the second time', () => {
    const rows = servers.map(({ name }) => row(name));
    const steps = planSeed(servers, rows, ['clock', 'notes', 'everything']);
    expect(steps.every((step) => step.do === 'keep' && !step.needsCredential && !step.needsTools)).toBe(true);
  });

  it('leaves a deleted server deleted', () => {
    const steps = planSeed(servers, [row('clock'), row('everything')], ['clock', 'notes', 'everything']);
    expect(steps.map((step) => step.server.name)).not.toContain('notes');
  });

  it('moves servers to the ports of this start and discovers their tools again', () => {
    const rows = [row('clock', { url: 'http://127.0.0.1:4211/mcp' })];
    const steps = planSeed(servers, rows, ['clock', 'notes', 'everything']);
    expect(steps).toMatchObject([
      { do: 'move', id: 'id-clock', isTrusted: true },
      { do: 'keep', needsTools: true },
    ]);
  });

  it('finishes what an interrupted start began, even if the server was renamed', () => {
    const rows = [row('notes', { name: 'My notes', has_credential: false, tool_count: 0 })];
    const steps = planSeed(servers, rows, ['clock']);
    expect(steps.find((step) => step.server.name === 'notes')).toMatchObject({
      do: 'keep',
      needsCredential: true,
      needsTools: true,
    });
  });
});
