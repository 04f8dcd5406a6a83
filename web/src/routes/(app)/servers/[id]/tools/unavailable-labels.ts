import type { SkippedTool } from '@patchbay/shared/contract/schema/skipped-tool';

/** Describes a list that exceeds the storage limit; empty otherwise. */
export function describeOverLimit(stored: number, overLimit: number): string {
  if (overLimit <= 0) return '';
  const total = (stored + overLimit).toLocaleString('en-US');
  return `The server lists ${total} tools. The first ${stored.toLocaleString('en-US')} are available.`;
}

/** Such as `2 tools can't be used`. */
export function describeSkipped(count: number): string {
  return count === 1 ? "1 tool can't be used" : `${count} tools can't be used`;
}

export function skippedLine({ name, reason }: SkippedTool): string {
  return `${name || 'Unnamed tool'}: ${reason}`;
}
