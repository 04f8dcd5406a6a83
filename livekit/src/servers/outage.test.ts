import { AppError } from '@patchbay/shared/contract/errors';
import { describe, expect, it } from 'vitest';
import { GRACE_MS, graceLeftMs, nextOutage } from './outage.ts';
import type { LinkState } from './link-state.ts';

const refused = new AppError('connection_refused');
const unauthorized = new AppError('unauthorized');
const waiting: LinkState = { name: 'waiting', error: refused };

describe('an outage', () => {
  it.each<[string, LinkState, ReturnType<typeof nextOutage>]>([
    ['goes on while the server is dialled', { name: 'connecting' }, { sinceMs: 5, error: refused }],
    ['goes on while the tools are listed', { name: 'discovering' }, { sinceMs: 5, error: refused }],
    [
      'keeps its beginning, and takes the newest reason',
      { name: 'needs_credentials', error: unauthorized },
      { sinceMs: 5, error: unauthorized },
    ],
    ['ends with a server that is ready', { name: 'ready' }, null],
  ])('%s', (_story, state, outage) => {
    expect(nextOutage({ sinceMs: 5, error: refused }, state, 90)).toEqual(outage);
  });

  it('begins with the first failure', () => {
    expect(nextOutage(null, { name: 'connecting' }, 90)).toBe(null);
    expect(nextOutage(null, waiting, 90)).toEqual({ sinceMs: 90, error: refused });
  });

  it('leaves the tools for a grace time', () => {
    const outage = { sinceMs: 1_000, error: refused };
    expect(graceLeftMs(null, 1_000)).toBe(null);
    expect(graceLeftMs(outage, 1_000)).toBe(GRACE_MS);
    expect(graceLeftMs(outage, 1_000 + GRACE_MS)).toBe(0);
    expect(graceLeftMs(outage, 1_001 + GRACE_MS)).toBe(0);
  });
});
