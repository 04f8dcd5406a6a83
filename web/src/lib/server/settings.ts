import { env as privateEnv } from '$env/dynamic/private';
import { env as publicEnv } from '$env/dynamic/public';
import { error } from '@sveltejs/kit';
import { readEnvironment, type Settings } from './environment.ts';
import type { Result } from './result.ts';

let known: Result<Settings> | undefined;

/** The settings in the environment, read once. */
export function environment(): Result<Settings> {
  return (known ??= readEnvironment({ ...privateEnv, ...publicEnv }));
}

/** @throws 503 with the names of the missing variables */
export function settings(): Settings {
  const found = environment();
  // No layout is rendered at this point, so the page shows only the message.
  if (!found.ok) error(found.status, found.message);
  return found.value;
}
