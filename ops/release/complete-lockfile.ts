/** `npm run lockfile:complete`: npm omits hashes of other platforms' packages that the registry lacked at the time. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { findNpm } from '../../local/stack/npm.ts';
import { LOCKFILE, packagesWithoutHash, readLockfile, registryName, registryPackages } from './lockfile.ts';

function askRegistry(specifier: string): string | null {
  const args = [findNpm(), 'view', specifier, 'dist.integrity'];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const answer = stdout.trim();
  return status === 0 && /^sha512-[A-Za-z0-9+/]+=*$/.test(answer) ? answer : null;
}

const lockfile = readLockfile();
for (const specifier of packagesWithoutHash(lockfile)) {
  const integrity = askRegistry(specifier);
  console.log(`${specifier}: ${integrity ?? 'the registry does not have it'}`);
  if (integrity === null) continue;
  for (const [place, entry] of registryPackages(lockfile)) {
    if (`${registryName(place, entry)}@${entry.version}` !== specifier) continue;
    const { name, version, ...rest } = entry;
    lockfile.packages[place] = { ...(name !== undefined && { name }), version, integrity, ...rest };
  }
}
writeFileSync(LOCKFILE, `${JSON.stringify(lockfile, null, 2)}\n`);
if (process.connected) process.disconnect();
