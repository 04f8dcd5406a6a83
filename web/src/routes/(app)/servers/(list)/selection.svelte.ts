import { SvelteSet } from 'svelte/reactivity';

/** The servers selected for a bulk change. */
export class Selection {
  ids = new SvelteSet<string>();
  /** The start of a range: the row selected last. */
  #anchor: string | null = null;

  /**
   * Toggles a row; with `isRange`, all rows from the last toggled one to this one.
   * @param order IDs of the rows as shown
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
