/** A number with its noun: `1 server`, `1,200 servers`. @param noun in the singular; the plural adds an `s` */
export function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
