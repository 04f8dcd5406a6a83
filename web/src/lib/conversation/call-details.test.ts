import { describe, expect, it } from 'vitest';
import { readDetails } from './call-details.ts';

describe('readDetails', () => {
  it("reads the agent's answer", () => {
    expect(readDetails('{"arguments":{"city":"Tokyo"},"result":"four"}')).toEqual({
      arguments: { city: 'Tokyo' },
      result: 'four',
    });
    expect(readDetails('{"result":"done","for_user":true}')).toMatchObject({ for_user: true });
    expect(readDetails('{"result":"done","for_user":null}')).not.toHaveProperty('for_user');
    expect(readDetails('{"result":"done"}')).toEqual({ arguments: null, result: 'done' });
  });

  it.each(['null', '', 'four', '[]', '{"result":4}', '{}'])('finds nothing in %j', (answer) => {
    expect(readDetails(answer)).toBeNull();
  });
});
