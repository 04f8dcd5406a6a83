import { env as privateEnv } from '$env/dynamic/private';
import { env as publicEnv } from '$env/dynamic/public';
import { error } from '@sveltejs/kit';
import { readEnvironment, type Settings } from './environment.ts';
import type { Result } from './result.ts';

let known: Result<Settings> | undefined;

/** What the deployment's environment says, read once at run time. */
export function environment(): Result<Settings> {
  return (known ??= readEnvironment({ ...privateEnv, ...publicEnv }));
}

/** @throws the 503 page that names the missing variables */
export function settings(): Settings {
  const found = environment();
  // Thrown before any page can be made, so only the message is shown.
  if (!found.ok) error(found.status, found.message);
  return found.value;
}
