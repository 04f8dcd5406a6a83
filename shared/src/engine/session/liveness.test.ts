import { ProtocolError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../contract/errors.ts';
import { Liveness } from './liveness.ts';

const status = (code: ErrorCode, http: number) =>
  new AppError(code, {
    cause: new SdkHttpError(SdkErrorCode.ClientHttpNotImplemented, 'no', { status: http, text: '' }),
  });

function liveness(ping: Error | null, list: Error | null = null) {
  const self = { ping, list, pings: 0, lists: 0 };
  const settle = (outcome: Error | null) => (outcome === null ? Promise.resolve() : Promise.reject(outcome));
  const subject = new Liveness({
    ping: () => settle(((self.pings += 1), self.ping)),
    list: () => settle(((self.lists += 1), self.list)),
  });
  const check = () =>
    subject.check(100).then(
      () => 'alive',
      (error: AppError) => error.code,
    );
  return { self, check };
}

describe('a server', () => {
  it.each<[string, Error | null]>([
    ['a result', null],
    ['an unknown method', new ProtocolError(-32_601, 'Method not found')],
    ['any other error', new ProtocolError(-32_000, 'no')],
  ])('that answers a ping with %s is alive, and is asked nothing else', async (_what, ping) => {
    const { self, check } = liveness(ping);
    expect(await check()).toBe('alive');
    expect(self.lists).toBe(0);
  });

  it.each<[string, Error | null]>([
    ['404', status('session_lost', 404)],
    ['400', status('session_lost', 400)],
    ['405', status('not_mcp', 405)],
    ['500', status('server_error', 500)],
    ['503', new AppError('server_error')],
    ['a page', new AppError('not_mcp')],
  ])('that answers pings with %s is asked for something else once, and is alive', async (_what, ping) => {
    const { self, check } = liveness(ping);
    expect([await check(), await check(), await check()]).toEqual(['alive', 'alive', 'alive']);
    expect([self.pings, self.lists]).toEqual([3, 1]);
  });

  it('that answers another way than before is asked for something else again', async () => {
    const { self, check } = liveness(status('not_mcp', 405));
    await check();
    self.ping = status('session_lost', 404);
    self.list = status('session_lost', 404);
    expect(await check()).toBe('session_lost');
  });

  it.each<[ErrorCode]>([['connection_lost'], ['connection_refused'], ['timeout'], ['unauthorized']])(
    'that is gone (%s) is so however often it was there before',
    async (code) => {
      const { self, check } = liveness(new AppError(code));
      expect(await check()).toBe('alive');
      self.list = new AppError(code);
      expect(await check()).toBe(code);
    },
  );
});
