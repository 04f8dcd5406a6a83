import { invalidate } from '$app/navigation';
import { navigating } from '$app/state';

/**
 * Reloads the data that depends on `dependency`. Waits for a running navigation first, because SvelteKit cancels a
 * navigation when data is invalidated.
 */
export async function refresh(dependency: string): Promise<void> {
  await navigating.complete?.catch(() => undefined);
  await invalidate(dependency);
}
