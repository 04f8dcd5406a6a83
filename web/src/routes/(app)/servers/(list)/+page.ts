import ServerList from './ServerList.svelte';
import type { PageLoad } from './$types';

/** Hands the list to the layout, so that pages over the list need not load its code before their own. */
export const load: PageLoad = () => ({ List: ServerList });
