/** What one bad answer costs, in each phase and each era: an error by name, and nothing after it. */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../src/contract/errors.ts';
import { probe } from '../src/engine/probe/probe.ts';
import { connect, ERAS, outcome, serveEra } from './support/connect.ts';
import { FAULTS, type FaultName } from './support/faults.ts';
import { until } from './support/listen.ts';

/** The request that opens a connection to a server of the era. */
const OPENING = { legacy: 'initialize', modern: 'server/discover' } as const;

/** In the order of FAULTS. The two that never end are distinguished below. */
const CODES: Record<Exclude<FaultName, Endless>, ErrorCode> = {
  'refuses the credential (401)': 'unauthorized',
  'forbids it (403)': 'forbidden',
  'limits us (429, Retry-After)': 'rate_limited',
  'is overloaded (503)': 'server_error',
  'fails (500)': 'server_error',
  'cuts the socket': 'connection_lost',
  'sends half a response': 'connection_lost',
  'sends half an event': 'connection_lost',
  'sends garbage': 'protocol_error',
  'sends JSON that is no JSON-RPC': 'protocol_error',
  'sends a page instead (wrong content type)': 'not_mcp',
  'sends 100 MB': 'response_too_large',
};
type Endless = 'hangs' | 'sends its answer drop by drop';
const ENDLESS: Endless[] = ['hangs', 'sends its answer drop by drop'];

/**
 * A server without sessions whose very first answer is a fault says to `initialize` what it speaks, and is asked once
 * more; one that limits us is not.
 */
const timesAsked = (era: (typeof ERAS)[number], phase: 'open' | 'list', code: ErrorCode) =>
  era === 'modern' && phase === 'open' && code !== 'rate_limited' ? 2 : 1;

/** A server that does this to every such request until it is mended. */
async function serveFaulty(era: (typeof ERAS)[number], name: FaultName, method: string) {
  const self = { isBad: true, seen: 0 };
  const server = await serveEra(era, {
    intercept: (_request, response, message) => {
      if (!self.isBad || message.method !== method) return false;
      self.seen += 1;
      FAULTS[name](response);
      return true;
    },
  });
  return Object.assign(self, { server });
}

/** A server that showed in the handshake that it is one is not said to be none. */
const codeOnceOpen = (code: ErrorCode) => (code === 'not_mcp' ? 'protocol_error' : code);

const cases = ERAS.flatMap((era) =>
  (Object.keys(CODES) as (keyof typeof CODES)[]).map((name) => ({ era, name, code: CODES[name] })),
);

describe.each(cases)('a server ($era) that $name', ({ era, name, code }) => {
  const isRefusal = code === 'unauthorized' || code === 'forbidden';

  it.each(['open', 'list'] as const)(
    'when asked to %s: is left alone, and used when it is mended',
    async (phase) => {
      const fault = await serveFaulty(era, name, phase === 'open' ? OPENING[era] : 'tools/list');
      const { connection, ready } = connect(fault.server);
      const state = isRefusal ? 'needs_credentials' : 'waiting';
      await until(() => connection.state.name === state, `the connection to be ${state}`);
      expect(connection.state).toMatchObject({
        error: { code: phase === 'open' ? code : codeOnceOpen(code) },
      });
      if (code === 'rate_limited') expect(connection.state).toMatchObject({ error: { retryAfterMs: 7_000 } });
      expect(fault.seen).toBe(timesAsked(era, phase, code));
      fault.isBad = false;
      connection.wake();
      await ready();
      expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    },
  );

  it('when called: the call fails by name, runs nowhere, and the next one works', async () => {
    const fault = await serveFaulty(era, name, 'tools/call');
    const { connection, ready } = connect(fault.server);
    await ready();
    expect(await outcome(connection.call('echo', {}))).toBe(codeOnceOpen(code));
    expect(fault.seen).toBe(1);
    fault.isBad = false;
    if (code === 'unauthorized') connection.wake();
    expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
    expect(fault.server.ran).toEqual(['echo']);
  });
});

describe.each(ERAS.flatMap((era) => ENDLESS.map((name) => ({ era, name }))))(
  'a server ($era) that $name',
  ({ era, name }) => {
    it('costs a call its timeout, and the connection nothing', async () => {
      const fault = await serveFaulty(era, name, 'tools/call');
      const { connection, ready, states } = connect(fault.server);
      await ready();
      expect(await outcome(connection.call('echo', {}, { timeoutMs: 150 }))).toBe('timeout');
      fault.isBad = false;
      expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
      expect(states).toEqual(['discovering', 'ready']);
    });

    it('in its list: calls do not wait for it', async () => {
      const fault = await serveFaulty(era, name, 'tools/list');
      const { connection } = connect(fault.server);
      expect(await outcome(connection.call('echo', {}))).toBe('echo ran');
      expect(connection.state.name).toBe('discovering');
    });

    it('is named with the phase by a test of the server', async () => {
      // A silent server without sessions answers `initialize`, which is tried in place of its own first request.
      const phases = { [OPENING[era]]: 'initialize', 'tools/list': 'list_tools' };
      await Promise.all(
        Object.entries(phases).map(async ([method, phase]) => {
          const { server } = await serveFaulty(era, name, method);
          const target = { url: server.url, transport: 'auto', credential: { method: 'none' } } as const;
          const result = await probe(target, { policy: 'local', timeoutMs: 1_500 });
          expect(result).toMatchObject({ ok: false, code: 'timeout', phase });
        }),
      );
    });
  },
);
