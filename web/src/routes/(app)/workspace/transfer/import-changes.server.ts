import type { ImportChange } from '@patchbay/shared/contract/schema/workspace-document';
import { diffWordsWithSpace } from 'diff';
import type { DiffPart, ShownChange, ShownField } from './import-changes.ts';

const SHORT = 60;
/** With more differences, the two texts are shown one after the other. */
const MAX_EDITS = 2_000;
/** Characters to keep at each end of a long common part. */
const CONTEXT = 120;

const KINDS = { server: 'Server', agent: 'Agent', tool: 'Tool' };

/** Formats an import's changes: long texts as diffs, invisible characters made visible. */
export function formatChanges(changes: ImportChange[]): ShownChange[] {
  return changes.map(({ kind, name, is_new, fields }, place) => ({
    // Names may repeat, so the index keeps keys unique.
    key: `${place} ${kind} ${name}`,
    title: `${KINDS[kind]} ${visible(name)}`,
    isNew: is_new,
    fields: Object.entries(fields).map(([field, { from, to }]) => formatField(field, from, to)),
  }));
}

function formatField(field: string, before: unknown, after: unknown): ShownField {
  const name = field.replace(/_(ms|seconds)$/, '').replaceAll('_', ' ');
  const [from, to] = [formatValue(field, before), formatValue(field, after)];
  const isShort = from.length <= SHORT && to.length <= SHORT && !`${from}${to}`.includes('\n');
  return isShort ? { name, from: from || 'empty', to: to || 'empty' } : { name, parts: diffParts(from, to) };
}

function diffParts(from: string, to: string): DiffPart[] {
  const found = diffWordsWithSpace(from, to, { maxEditLength: MAX_EDITS });
  const parts: DiffPart[] = found
    ? found.map(({ value, added, removed }) => ({
        text: value,
        kind: added ? 'added' : removed ? 'removed' : 'same',
      }))
    : [
        { text: from, kind: 'removed' },
        { text: to, kind: 'added' },
      ];
  return parts
    .filter(({ text }) => text !== '')
    .map((part) => (part.kind === 'same' ? { ...part, text: shortened(part.text) } : part));
}

const shortened = (text: string): string =>
  text.length > 3 * CONTEXT ? `${text.slice(0, CONTEXT)} […] ${text.slice(-CONTEXT)}` : text;

function formatValue(field: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && field.endsWith('_ms')) return `${value / 1000} s`;
  if (typeof value === 'number' && field.endsWith('_seconds')) return `${value} s`;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return visible(value.join(', '));
  return visible(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Replaces characters that are invisible or reorder text, which could hide a change, by their codes. */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u{2800}]|(?![\n\t])\p{Cc}/gu,
    (character) => `\u27E8U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}\u27E9`,
  );
}
