/** Characters that one value costs in memory on top of its own: an empty object or list takes about as many bytes. */
const VALUE_COST = 48;
const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const OPEN_BRACKET = 91;
const OPEN_BRACE = 123;

/**
 * Estimates, without parsing, what a JSON text will hold in memory: 8 MB of `[],[],[]` become far more than 8 MB of prose.
 * @returns characters, each value counted with a surcharge
 */
export function jsonWeight(text: string): number {
  let values = 1;
  let isString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isString = false;
    } else if (code === QUOTE) isString = true;
    else if (code === COMMA || code === OPEN_BRACKET || code === OPEN_BRACE) values += 1;
  }
  return text.length + values * VALUE_COST;
}
