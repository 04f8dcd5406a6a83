import type { Transport } from '../schema/server.ts';

/** How requests to a server are signed. Held in memory only. */
export type Credential =
  | { method: 'none' }
  | { method: 'api_key'; header: string; secret: string }
  | { method: 'bearer_token'; secret: string };

/** Everything needed to reach one server; a change of `configVersion` means another target. */
export interface ServerTarget {
  serverId: string;
  configVersion: number;
  url: string;
  transport: Transport;
  credential: Credential;
  callTimeoutMs: number;
  maxConcurrency: number;
  /** For logs and names only. */
  slug?: string;
}

/** The header that carries the credential, as name and value; null when there is none. */
export function credentialHeader(credential: Credential): [name: string, value: string] | null {
  switch (credential.method) {
    case 'none':
      return null;
    case 'api_key':
      return [credential.header, credential.secret];
    case 'bearer_token':
      return ['authorization', `Bearer ${credential.secret}`];
  }
}
