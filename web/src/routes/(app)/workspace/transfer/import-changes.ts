/** A piece of a text: in both versions, only in the earlier one, or only in the later one. */
export interface DiffPart {
  text: string;
  kind: 'same' | 'removed' | 'added';
}

/** A field that an import changes. Short values are given whole, long texts as their differences. */
export type ShownField =
  { name: string; from: string; to: string; parts?: undefined } | { name: string; parts: DiffPart[] };

export interface ShownChange {
  key: string;
  /** Such as `Agent Helper`. */
  title: string;
  isNew: boolean;
  fields: ShownField[];
}
