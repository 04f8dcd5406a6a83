import { describe, expect, it } from 'vitest';
import { HOSTED_DENO_VERSION } from '../../local/supabase/deno.ts';
import { judgeRuntime } from './runtime.ts';

const WELL = { 'call-tool': { status: 401 }, rest: { status: 401 } };
const hosted = (version: string, lacks: string[] = []) => ({
  runtime: { version: `supabase-edge-runtime-1.77.0 (compatible with Deno v${version})`, lacks },
});

describe('what the functions run on', () => {
  it('is fine where it is the hosted Deno version, locally and on the edge runtime', () => {
    for (const settings of [
      hosted(HOSTED_DENO_VERSION),
      { runtime: { version: HOSTED_DENO_VERSION, lacks: [] } },
    ])
      expect(judgeRuntime(settings, WELL)).toMatchObject({
        state: 'ok',
        said: expect.stringContaining('tested'),
      });
  });

  it('is shown with the version that is tested, where hosted has moved', () => {
    const { state, said } = judgeRuntime(hosted('2.9.0'), WELL);
    expect(state).toBe('ok');
    expect(said).toMatch(/^Deno 2\.9\.0; .* Deno \d/);
  });

  it('is a failure where it lacks what functions need: feature, functions and fix are named', () => {
    const answers = { ...WELL, 'call-tool': { status: 503 } };
    const finding = judgeRuntime(hosted('1.45.2', ['Set.prototype.union']), answers);
    expect(finding.state).toBe('failed');
    expect(finding.said).toMatch(/Deno 1\.45\.2 lacks Set\.prototype\.union.*: call-tool$/);
    expect(finding.fix).toContain(`Deno ${HOSTED_DENO_VERSION} or newer`);
  });

  it('is a failure where deployed functions do not start on it, although this checkout needs no more', () => {
    const finding = judgeRuntime(hosted(HOSTED_DENO_VERSION), { ...WELL, 'call-tool': { status: 503 } });
    expect(finding).toMatchObject({ state: 'failed', said: expect.stringContaining('call-tool') });
    expect(finding.fix).toContain('npm run deploy:supabase');
  });

  it('is unknown where the functions do not tell', () => {
    expect(judgeRuntime(null, WELL).state).toBe('unknown');
    expect(judgeRuntime({}, WELL).state).toBe('unknown');
  });
});
