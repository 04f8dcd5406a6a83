import type { Transport } from '../schema/server.ts';

/** What `npx mcp-remote https://... --header "Name: value"` stands for. */
interface RemoteServer {
  url: string;
  transport: Transport;
  headers: Record<string, string>;
}

/**
 * Claude Desktop reaches remote servers through the program `mcp-remote`: the entry names the address, so it can
 * be imported all the same. Names of the entry's `env` in headers are put in.
 * @returns null for every other program
 */
export function remoteOfCommand(entry: Readonly<Record<string, unknown>>): RemoteServer | null {
  const args = Array.isArray(entry['args']) ? entry['args'].filter((arg) => typeof arg === 'string') : [];
  const words = [String(entry['command']), ...args];
  const start = words.findIndex((word) => /(?:^|\/)mcp-remote(?:@[\w.-]+)?$/.test(word));
  if (start === -1) return null;
  const rest = words.slice(start + 1);
  const url = rest.find((word) => /^https?:\/\//i.test(word));
  if (url === undefined) return null;

  const headers: Record<string, string> = {};
  let transport: Transport = 'auto';
  rest.forEach((word, index) => {
    const value = rest[index + 1] ?? '';
    if (word === '--header') {
      const [, name = '', text = ''] = /^([^:]+):(.*)$/s.exec(value) ?? [];
      if (name) headers[name.trim()] = fillIn(text.trimStart(), entry['env']);
    }
    if (word === '--transport' && value === 'sse-only') transport = 'sse';
    if (word === '--transport' && value === 'http-only') transport = 'streamable_http';
  });
  return { url, transport, headers };
}

/** Puts the values of the entry's `env` in for `${NAME}`; names that it does not hold stay. */
function fillIn(text: string, env: unknown): string {
  if (typeof env !== 'object' || env === null) return text;
  const values = env as Record<string, unknown>;
  return text.replaceAll(/\$\{(\w+)\}/g, (placeholder, name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : placeholder;
  });
}
