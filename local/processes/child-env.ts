/** A shell often has keys of other projects, so each child gets only the variables that it needs. */

/** Names, or prefixes if they end with an asterisk. */
type Names = readonly string[];

/** What any program needs to run: no account, network or key. */
export const MACHINE: Names = ['PATH', 'LANG', 'LANGUAGE', 'LC_*', 'TZ', 'TMPDIR'];

/** What our own programs also need to reach the Internet: proxies and certificates. */
export const NETWORK: Names = [
  ...['HOME', 'USER', 'LOGNAME', 'XDG_CACHE_HOME'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'NODE_USE_ENV_PROXY'],
  ...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'],
  ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
];

/** For each part that can send traces. */
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

/** The health monitor's settings. */
export const MONITOR: Names = ['PATCHBAY_MONITOR_CONCURRENCY', 'PATCHBAY_MONITOR_REFERENCE_HOSTS'];

/** The edge functions' settings. */
export const FUNCTIONS: Names = ['PATCHBAY_AGENT_NAME', 'PATCHBAY_TEST_TIMEOUT_MS'];

/** What `vite build` reads. */
export const BUILD: Names = ['PATCHBAY_REGION'];

/** Go builds livekit-server if no release is available; these are its caches and module proxies. */
export const GO: Names = [
  ...['GOROOT', 'GOPATH', 'GOCACHE', 'GOMODCACHE', 'GOENV', 'GOTOOLCHAIN'],
  ...['GOPROXY', 'GONOPROXY', 'GOPRIVATE', 'GOINSECURE', 'GOSUMDB', 'GONOSUMDB'],
];

/** Returns the variables of `env` that one of the lists names. */
export function pickEnv(env: NodeJS.ProcessEnv, ...lists: Names[]): NodeJS.ProcessEnv {
  const names = lists.flat();
  const isNamed = (name: string): boolean =>
    names.some((given) => (given.endsWith('*') ? name.startsWith(given.slice(0, -1)) : name === given));
  return Object.fromEntries(Object.entries(env).filter(([name]) => isNamed(name)));
}
