import { SvelteSet } from 'svelte/reactivity';

/** Which servers are chosen for a change of many at once. */
export class Selection {
  ids = new SvelteSet<string>();
  /** Where a range begins: the row that was chosen last. */
  #anchor: string | null = null;

  /**
   * Chooses a row or lets go of it; with `isRange` all rows from the last one to this one follow it.
   * @param order the rows as they are shown, by id
   */
  toggle(id: string, order: string[], isRange: boolean): void {
    const isChosen = !this.ids.has(id);
    const from = isRange && this.#anchor !== null ? order.indexOf(this.#anchor) : -1;
    const to = order.indexOf(id);
    const range = from < 0 || to < 0 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of range) {
      if (isChosen) this.ids.add(one);
      else this.ids.delete(one);
    }
    this.#anchor = id;
  }

  all(ids: string[]): void {
    for (const id of ids) this.ids.add(id);
  }

  clear(): void {
    this.ids.clear();
    this.#anchor = null;
  }
}
