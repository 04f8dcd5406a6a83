import { describe, expect, it } from 'vitest';
import { returnPath } from './return-path.ts';

describe('returnPath', () => {
  it('keeps a path of ours with its query', () => {
    expect(returnPath('/servers/new?x=1')).toBe('/servers/new?x=1');
  });

  it.each([null, '', 'https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'does not follow %s',
    (next) => {
      expect(returnPath(next)).toBe('/servers');
    },
  );
});
