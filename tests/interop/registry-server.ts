export interface Place {
  /** Deleted after the run. It holds `notes.txt`. */
  folder: string;
  port: number;
}

export interface CheckedCall {
  tool: string;
  arguments: Record<string, unknown>;
  answer: RegExp;
  /** It can't work here (no network, no account), so the call must fail. */
  isError?: true;
}

export interface RegistryServer {
  /** Unique; names its row in docs/interop.md. */
  name: string;
  from: 'npm' | 'PyPI' | 'Go';
  /** An npm or PyPI package, or the Go package to build. */
  package: string;
  /** Exact. Those of npm test are pinned in local/package.json. */
  version: string;
  /** Further requirements of a Python package whose own are too wide. */
  with?: readonly string[];
  program: string;
  args?: (place: Place) => string[];
  env?: (place: Place) => Record<string, string>;
  prepare?: (folder: string) => void;
  /** Servers without it speak stdio and get a bridge. */
  http?: { host?: 'localhost'; path: string };
  /** Default: mcp-proxy. */
  bridge?: 'mcp-proxy' | 'supergateway';
  tools: number;
  /** In this order. The last one must be idempotent: it is repeated after the restart. */
  calls: (place: Place) => CheckedCall[];
  needsChromium?: true;
  /** Part of `npm test`; an npm package is then a pinned dependency of this repository. */
  isQuick?: true;
}

/** What `notes.txt` in a server's folder says. */
export const NOTES = 'The meeting starts at nine.';
