import type { ServerFormValues } from './form-values.ts';

/** A field that two people changed since the first of them opened the form. */
interface Clash {
  field: keyof ServerFormValues;
  mine: ServerFormValues[keyof ServerFormValues];
  theirs: ServerFormValues[keyof ServerFormValues];
}

export interface Merge {
  /** What was typed, with what only the other person changed. */
  values: ServerFormValues;
  /** What only the other person changed. */
  taken: (keyof ServerFormValues)[];
  /** What both changed, to different values; `values` has one's own. */
  clashes: Clash[];
}

/**
 * Joins two edits of one server.
 * @param base what the form showed at first
 * @param mine what was typed into it
 * @param theirs what is stored meanwhile
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
