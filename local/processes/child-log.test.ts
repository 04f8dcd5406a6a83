import { describe, expect, it } from 'vitest';
import { errorIn } from './child-log.ts';

describe('lines for the screen', () => {
  it('are errors by their level, in the words of the logger', () => {
    expect(errorIn('{"level":50,"msg":"no database","error":"refused"}', false)).toBe('no database: refused');
    expect(errorIn('{"level":"error","msg":"no room"}', false)).toBe('no room');
    expect(errorIn('{"level":30,"msg":"fine"}', true)).toBeNull();
    expect(errorIn('{"level":"info","msg":"fine"}', true)).toBeNull();
  });

  it('are plain lines only where the output is one for errors', () => {
    expect(errorIn('clock: port 4111 is in use', true)).toBe('clock: port 4111 is in use');
    expect(errorIn('clock: port 4111 is in use', false)).toBeNull();
    expect(errorIn('{ broken json', true)).toBe('{ broken json');
    expect(errorIn('   ', true)).toBeNull();
  });
});
