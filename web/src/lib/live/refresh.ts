import { invalidate } from '$app/navigation';
import { navigating } from '$app/state';

/**
 * Loads what depends on `dependency` again, on a hint. A click that is on its way goes first: SvelteKit gives up a
 * navigation while which something is invalidated, and the user would stay where they were.
 */
export async function lookAgain(dependency: string): Promise<void> {
  await navigating.complete?.catch(() => undefined);
  await invalidate(dependency);
}
