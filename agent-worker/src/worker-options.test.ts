import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initializeLogger } from '@livekit/agents';
import { expect, it } from 'vitest';
import { JobProcExecutor } from '../../node_modules/@livekit/agents/dist/ipc/job_proc_executor.js';
import { readEnvironment } from './environment.ts';
import { workerOptions } from './worker-options.ts';

const environment = readEnvironment({
  SUPABASE_URL: 'http://127.0.0.1:1',
  SUPABASE_SECRET_KEY: 'x',
  LIVEKIT_URL: 'ws://127.0.0.1:1',
  LIVEKIT_API_KEY: 'x',
  LIVEKIT_API_SECRET: 'x',
  OPENAI_API_KEY: 'x',
  PATCHBAY_SECRETS_KEYS: 'a:b',
});

/** An agent whose process holds 300 MB besides what the framework takes. */
const LARGE_AGENT = `
const held = Buffer.alloc(300 * 2 ** 20, 1);
export default Object.defineProperty({ entry: async () => held }, Symbol.for('livekit.agents.AgentDefinition'), { value: true });
`;

it('the framework logs processes of more than 400 MB, and kills those of more than 768 MB', () => {
  const { jobMemoryWarnMB, jobMemoryLimitMB } = workerOptions(environment, 1);
  expect({ jobMemoryWarnMB, jobMemoryLimitMB }).toEqual({ jobMemoryWarnMB: 400, jobMemoryLimitMB: 768 });
});

it('the framework kills a process above its limit', { timeout: 60_000 }, async () => {
  initializeLogger({ pretty: false, level: 'silent' });
  const folder = await mkdtemp(join(tmpdir(), 'patchbay-large-agent-'));
  const agent = join(folder, 'agent.mjs');
  await writeFile(agent, LARGE_AGENT);
  const executor = new JobProcExecutor({
    agent,
    initializeTimeout: 30_000,
    closeTimeout: 5_000,
    memoryWarnMB: 0,
    memoryLimitMB: 300,
    pingInterval: 2_500,
    pingTimeout: 60_000,
    highPingThreshold: 500,
  });
  try {
    await executor.start();
    const exited = once(executor.proc!, 'exit');
    await executor.initialize({ sessionEndTimeout: 1_000 });
    expect(await exited).toEqual([null, 'SIGKILL']);
  } finally {
    executor.proc?.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});
