const LONGEST = 160;

/** Formats the arguments of a call on one line, such as `city: "Tokyo"`; empty if there are none. */
export function formatArguments(args: unknown): string {
  if (args === null || args === undefined) return '';
  const words =
    typeof args === 'object' && !Array.isArray(args)
      ? Object.entries(args)
          .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
          .join(', ')
      : JSON.stringify(args);
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
}
