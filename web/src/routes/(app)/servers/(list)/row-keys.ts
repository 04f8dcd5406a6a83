import type { Attachment } from 'svelte/attachments';
import type { Selection } from './selection.svelte.ts';

interface RowKeys {
  selection: Selection;
  order: () => string[];
  onDelete: (ids: string[]) => void;
}

/**
 * Keyboard control of a list: arrows or j and k move, with Shift they also select, `x` selects, Delete deletes, Escape
 * clears the selection. Rows carry `data-row` with their ID.
 */
export function rowKeys({ selection, order, onDelete }: RowKeys): Attachment<HTMLElement> {
  return (list) => {
    const handle = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement; // Key events target elements.
      const row = target.closest<HTMLElement>('[data-row]');
      const isTyping = target.closest('input:not([type="checkbox"]), select, textarea') !== null;
      if (!row || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const id = row.dataset.row ?? '';
      const step = { ArrowDown: 1, j: 1, J: 1, ArrowUp: -1, k: -1, K: -1 }[event.key];
      if (step !== undefined) {
        const next = step === 1 ? row.nextElementSibling : row.previousElementSibling;
        if (!(next instanceof HTMLElement)) return;
        next.querySelector<HTMLElement>('a')?.focus();
        if (event.shiftKey) choose(selection, next.dataset.row ?? '', id, order());
      } else if (event.key.toLowerCase() === 'x') {
        selection.toggle(id, order(), event.shiftKey);
      } else if (event.key === 'Delete') {
        onDelete(selection.ids.size > 0 ? [...selection.ids] : [id]);
      } else if (event.key === 'Escape' && selection.ids.size > 0) {
        selection.clear();
      } else return;
      event.preventDefault();
    };
    list.addEventListener('keydown', handle);
    return () => list.removeEventListener('keydown', handle);
  };
}

/** Moving with Shift also selects the row that was left. */
function choose(selection: Selection, next: string, left: string, order: string[]): void {
  for (const id of [left, next]) if (!selection.ids.has(id)) selection.toggle(id, order, false);
}
