import type { ServerFormValues } from './form-values.ts';

interface Clash {
  field: keyof ServerFormValues;
  mine: ServerFormValues[keyof ServerFormValues];
  theirs: ServerFormValues[keyof ServerFormValues];
}

export interface Merge {
  /** The typed values plus the fields that only the other user changed. */
  values: ServerFormValues;
  taken: (keyof ServerFormValues)[];
  /** Fields that both changed differently; `values` has the typed ones. */
  clashes: Clash[];
}

/**
 * Merges two edits of one server.
 * @param base what the form showed at first
 * @param mine what was typed
 * @param theirs what is stored now
 */
export function mergeEdits(base: ServerFormValues, mine: ServerFormValues, theirs: ServerFormValues): Merge {
  const merge: Merge = { values: { ...mine }, taken: [], clashes: [] };
  for (const field of Object.keys(mine) as (keyof ServerFormValues)[]) {
    if (theirs[field] === base[field] || theirs[field] === mine[field]) continue;
    if (mine[field] === base[field]) {
      merge.taken.push(field);
      Object.assign(merge.values, { [field]: theirs[field] });
    } else {
      merge.clashes.push({ field, mine: mine[field], theirs: theirs[field] });
    }
  }
  return merge;
}
