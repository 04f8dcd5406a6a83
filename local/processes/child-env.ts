/**
 * Which variables of the developer's environment a child process gets. A shell often holds keys of other projects; a
 * part sees only what it needs, and third-party code least of all.
 */

/** Names, or the beginning of names where they end with an asterisk. */
type Names = readonly string[];

/** What any program needs to run: no account, no network, no key. */
export const MACHINE: Names = ['PATH', 'LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TMPDIR'];

/** Beside that, what a program of ours needs to reach the Internet as its user does: proxies and certificates. */
export const NETWORK: Names = [
  ...['HOME', 'USER', 'LOGNAME', 'XDG_CACHE_HOME'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'NODE_USE_ENV_PROXY'],
  ...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** Traces, for each part that can send some. */
export const TRACES: Names = ['OTEL_*'];

/** The settings of the worker of docs/configuration.md and docs/voice.md, as far as `npm start` does not choose them. */
export const WORKER: Names = [
  'PATCHBAY_AGENT_NAME',
  'PATCHBAY_IDLE_TIMEOUT_MS',
  'PATCHBAY_TOOL_TOKENS',
  'PATCHBAY_WORKER_CORES',
  'OPENAI_REALTIME_MODEL',
  'OPENAI_TRANSCRIPTION_MODEL',
  'OPENAI_NOISE_REDUCTION',
];

/** Those of the health monitor. */
export const MONITOR: Names = ['PATCHBAY_MONITOR_CONCURRENCY', 'PATCHBAY_MONITOR_REFERENCE_HOSTS'];

/** Those of the edge functions. */
export const FUNCTIONS: Names = ['PATCHBAY_AGENT_NAME', 'PATCHBAY_TEST_TIMEOUT_MS'];

/** What `vite build` reads. */
export const BUILD: Names = ['PATCHBAY_REGION'];

/** Go, which builds livekit-server where no release can be had, has settings for its caches and module proxies. */
export const GO: Names = [
  ...['GOROOT', 'GOPATH', 'GOCACHE', 'GOMODCACHE', 'GOENV', 'GOTOOLCHAIN'],
  ...['GOPROXY', 'GONOPROXY', 'GOPRIVATE', 'GOINSECURE', 'GOSUMDB', 'GONOSUMDB'],
];

/** The variables of `env` that one of the lists names. */
export function pickEnv(env: NodeJS.ProcessEnv, ...lists: Names[]): NodeJS.ProcessEnv {
  const names = lists.flat();
  const isNamed = (name: string): boolean =>
    names.some((given) => (given.endsWith('*') ? name.startsWith(given.slice(0, -1)) : name === given));
  return Object.fromEntries(Object.entries(env).filter(([name]) => isNamed(name)));
}
