export interface DiffPart {
  text: string;
  kind: 'same' | 'removed' | 'added';
}

/** A changed field: short values in full, long texts as a diff. */
export type ShownField =
  { name: string; from: string; to: string; parts?: undefined } | { name: string; parts: DiffPart[] };

export interface ShownChange {
  key: string;
  /** Such as `Agent Helper`. */
  title: string;
  isNew: boolean;
  fields: ShownField[];
}
