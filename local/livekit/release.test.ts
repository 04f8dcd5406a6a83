import { describe, expect, it } from 'vitest';
import { assetFor, checksumOf, isUsableVersion } from './release.ts';

describe('the livekit-server release', () => {
  it('has an archive for each platform that the project publishes', () => {
    expect(assetFor('linux', 'x64')?.name).toBe('livekit_1.13.5_linux_amd64.tar.gz');
    expect(assetFor('linux', 'arm64')?.url).toBe(
      'https://github.com/livekit/livekit/releases/download/v1.13.5/livekit_1.13.5_linux_arm64.tar.gz',
    );
    expect(assetFor('darwin', 'arm64')).toBeNull();
    expect(assetFor('linux', 'riscv64')).toBeNull();
  });

  it("is checked against its own file's checksum", () => {
    const sum = 'ab'.repeat(32);
    const text = `${'cd'.repeat(32)}  livekit_1.13.5_linux_arm64.tar.gz\n${sum.toUpperCase()} *livekit_1.13.5_linux_amd64.tar.gz\n`;
    expect(checksumOf(text, 'livekit_1.13.5_linux_amd64.tar.gz')).toBe(sum);
    expect(checksumOf(text, 'livekit_1.13.5_linux_armv7.tar.gz')).toBeNull();
    expect(checksumOf('Not Found', 'x')).toBeNull();
  });

  it('is usable from 1.13 within 1.x', () => {
    expect(isUsableVersion('livekit-server version 1.13.5')).toBe(true);
    expect(isUsableVersion('livekit-server version 1.14.0')).toBe(true);
    expect(isUsableVersion('livekit-server version 1.8.4')).toBe(false);
    expect(isUsableVersion('livekit-server version 2.0.0')).toBe(false);
    expect(isUsableVersion('segmentation fault')).toBe(false);
  });
});
