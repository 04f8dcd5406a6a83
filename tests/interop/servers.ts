import { GO_SERVERS } from './go-servers.ts';
import { NPM_PINNED_SERVERS } from './npm-pinned-servers.ts';
import { NPM_SERVERS } from './npm-servers.ts';
import { NPM_SERVICE_SERVERS } from './npm-service-servers.ts';
import { PYPI_SERVERS } from './pypi-servers.ts';
import type { RegistryServer } from './registry-server.ts';

/** Every server that is tried, none of which needs an account to start and to list its tools. */
export const SERVERS: readonly RegistryServer[] = [
  ...NPM_PINNED_SERVERS,
  ...NPM_SERVERS,
  ...NPM_SERVICE_SERVERS,
  ...PYPI_SERVERS,
  ...GO_SERVERS,
];
