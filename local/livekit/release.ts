export const LIVEKIT_VERSION = '1.13.5';

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64', arm: 'armv7' };

export interface ReleaseAsset {
  name: string;
  url: string;
  checksumsUrl: string;
}

/** Returns the official release's archive for a machine, or null if none is published (macOS). */
export function assetFor(platform: string, arch: string): ReleaseAsset | null {
  const architecture = ARCHITECTURES[arch];
  if (platform !== 'linux' || !architecture) return null;
  const folder = `https://github.com/livekit/livekit/releases/download/v${LIVEKIT_VERSION}`;
  const name = `livekit_${LIVEKIT_VERSION}_linux_${architecture}.tar.gz`;
  return { name, url: `${folder}/${name}`, checksumsUrl: `${folder}/checksums.txt` };
}

/** Finds a file's SHA-256 (hex) in the release's checksums.txt. */
export function checksumOf(checksums: string, name: string): string | null {
  for (const line of checksums.split('\n')) {
    const [, sum, file] = /^([0-9a-f]{64})\s+\*?(.+?)\s*$/i.exec(line) ?? [];
    if (sum && file === name) return sum.toLowerCase();
  }
  return null;
}

/** True for 1.13 and later 1.x; older versions lack server-side RPC. */
export function isUsableVersion(versionOutput: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)\.\d+/.exec(versionOutput) ?? [];
  return Number(major) === 1 && Number(minor) >= 13;
}
