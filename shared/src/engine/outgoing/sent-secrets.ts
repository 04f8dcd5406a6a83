/** The secrets that a connection sent, to hide them in error messages of servers that repeat them. */

/** Old tokens stay hidden for a while after a refresh. */
const MAX_SECRETS = 20;
/** Shorter values could be part of any word. */
const MIN_LENGTH = 6;
const SCHEMES: ReadonlySet<string> = new Set(['bearer', 'basic', 'apikey', 'token']);

export class SentSecrets {
  readonly #values = new Set<string>();

  /** @param names of the headers that carry secrets, besides `Authorization`, `Cookie` and the session id */
  note(headers: Headers, names: readonly string[] = []): void {
    for (const name of ['authorization', 'mcp-session-id', ...names]) {
      const words = headers.get(name)?.split(/\s+/) ?? [];
      for (const word of words) if (!SCHEMES.has(word.toLowerCase())) this.#add(word);
    }
    for (const pair of headers.get('cookie')?.split(';') ?? []) this.#add(pair.slice(pair.indexOf('=') + 1));
  }

  /** Replaces the secrets in a text. */
  hide(text: string): string {
    return [...this.#values].reduce((shown, secret) => shown.replaceAll(secret, '[hidden]'), text);
  }

  #add(secret: string): void {
    if (secret.length < MIN_LENGTH) return;
    this.#values.delete(secret);
    this.#values.add(secret);
    const [oldest] = this.#values;
    if (this.#values.size > MAX_SECRETS && oldest) this.#values.delete(oldest);
  }
}
