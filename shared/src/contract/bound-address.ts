/** The addresses that credentials belong to. */

const PARTS = /^([A-Za-z]+):\/\/([^/?#]*)([^#]*)/;
const DEFAULT_PORTS: Record<string, RegExp> = { https: /:(443)?$/, http: /:(80)?$/ };

/**
 * A URL as credentials are sealed to it: without fragment and default port, scheme and host in lower case. All else is
 * compared as written, for whether two spellings mean the same is for the server to say. The same rule is
 * `private.bound_address` in the database, which is why this is no `new URL()`.
 */
export function boundAddress(url: string): string {
  const [, scheme, host, rest] = PARTS.exec(url) ?? [];
  if (scheme === undefined || host === undefined || rest === undefined) return url;
  const name = lower(scheme);
  const place = lower(host).replace(DEFAULT_PORTS[name] ?? /:(80)?$/, '');
  return `${name}://${place}${rest.startsWith('/') ? '' : '/'}${rest}`;
}

/** Of ASCII letters only: databases and runtimes differ about the others. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
