import ServerList from './ServerList.svelte';
import type { PageLoad } from './$types';

/** Passes the list to the layout, so that sheets need not load its code before their own. */
export const load: PageLoad = () => ({ List: ServerList });
