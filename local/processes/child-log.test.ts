import { describe, expect, it } from 'vitest';
import { errorIn } from './child-log.ts';

describe('log lines for the terminal', () => {
  it('are chosen by their level, and show the message of the logger', () => {
    expect(errorIn('{"level":50,"msg":"no database","error":"refused"}', false)).toBe('no database: refused');
    expect(errorIn('{"level":"error","msg":"no room"}', false)).toBe('no room');
    expect(errorIn('{"level":30,"msg":"fine"}', true)).toBeNull();
    expect(errorIn('{"level":"info","msg":"fine"}', true)).toBeNull();
  });

  it('include plain lines only from an output for errors', () => {
    expect(errorIn('clock: port 4111 is in use', true)).toBe('clock: port 4111 is in use');
    expect(errorIn('clock: port 4111 is in use', false)).toBeNull();
    expect(errorIn('{ broken json', true)).toBe('{ broken json');
    expect(errorIn('   ', true)).toBeNull();
  });
});
