/** How an MCP server from a package registry is installed, started, called and checked. */

/** What a server may use while it runs. */
export interface Place {
  /** Of its own, made for this run and deleted afterwards. It holds `notes.txt`. */
  folder: string;
  /** Where it listens, or its bridge does. */
  port: number;
}

export interface CheckedCall {
  tool: string;
  arguments: Record<string, unknown>;
  /** What the text of the result must match. */
  answer: RegExp;
  /** The server can't do it here (no network, no account), and must say so as a failed call. */
  isError?: true;
}

export interface RegistryServer {
  /** Unique; names its row in docs/interop.md. */
  name: string;
  from: 'npm' | 'PyPI' | 'Go';
  /** The package, or the Go package to build. */
  package: string;
  /** Exact. Those of npm test are pinned in local/package.json. */
  version: string;
  /** Further requirements of a Python package whose own are too wide. */
  with?: readonly string[];
  /** What the package installs into its folder of programs. */
  program: string;
  args?: (place: Place) => string[];
  env?: (place: Place) => Record<string, string>;
  /** Makes in its folder what it needs there. */
  prepare?: (folder: string) => void;
  /** Where it serves HTTP by itself; without it, it speaks over stdio and gets a bridge. */
  http?: { host?: 'localhost'; path: string };
  /** The program that puts a stdio server behind HTTP. Default: mcp-proxy. */
  bridge?: 'mcp-proxy' | 'supergateway';
  /** The fewest tools that it is known to have. */
  tools: number;
  /** Made in this order; the last one does no harm when it is repeated, and is made again after the restart. */
  calls: (place: Place) => CheckedCall[];
  /** It drives a browser. */
  needsChromium?: true;
  /** Among those of `npm test`; an npm package is then a pinned dependency of this repository. */
  isQuick?: true;
}

/** What `notes.txt` in a server's folder says. */
export const NOTES = 'The meeting starts at nine.';
