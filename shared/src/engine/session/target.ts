import type { AppError } from '../../contract/errors.ts';
import type { ProtocolEra, Transport } from '../../contract/schema/server.ts';
import type { CatalogTool } from '../../contract/schema/tool.ts';

/** How requests to a server are signed. Held in memory only. */
export type Credential =
  | { method: 'none' }
  | { method: 'api_key'; header: string; secret: string }
  | { method: 'bearer_token'; secret: string }
  | { method: 'oauth'; tokens: TokenSource };

/** Access tokens of a sign-in, which end and are followed by others. */
export interface TokenSource {
  /** @throws AppError `sign_in_required`, or a passing one */
  token(): Promise<string>;
  /**
   * What to try after the server refused a token.
   * @returns null when there is no other token, or it is too early to ask for one
   * @throws AppError as `token` does
   */
  after(refusedToken: string): Promise<string | null>;
  /** The server refused a token that `after` gave: the next one is asked for later. Never rejects. */
  reportIneffectiveRenewal(token: string): Promise<void>;
  /**
   * The server refuses what this sign-in gives.
   * @param isRenewed whether the token came from `after`, so that another one is of no use
   * @returns what the request fails with
   */
  refuse(token: string, isRenewed: boolean): Promise<AppError>;
  /**
   * The token is good, and gives too little for this request. Others go on.
   * @param scope the rights that the server asked for, if it named them
   * @returns what the request fails with
   */
  wantMore(token: string, scope: string | null): Promise<AppError>;
  /** Nothing is under way any more; a refresh that is cut off may cost the sign-in. Never rejects. */
  settled(): Promise<void>;
}

/** What a call needs to know of its tool. */
export type KnownTool = Pick<CatalogTool, 'name' | 'input_schema'>;

/** Everything needed to reach one server; a change of `configVersion` means another target. */
export interface ServerTarget {
  serverId: string;
  configVersion: number;
  url: string;
  transport: Transport;
  /** Default: found out. */
  protocolEra?: ProtocolEra;
  credential: Credential;
  callTimeoutMs: number;
  maxConcurrency: number;
  /** The tools as they were stored; they stand in until the server has listed its own. */
  storedTools?: readonly KnownTool[];
  /** For logs and names only. */
  slug?: string;
}

/** The header that carries the credential, as name and value; null when there is none, or it changes with time. */
export function credentialHeader(credential: Credential): [name: string, value: string] | null {
  switch (credential.method) {
    case 'none':
    case 'oauth':
      return null;
    case 'api_key':
      return [credential.header, credential.secret];
    case 'bearer_token':
      return ['authorization', `Bearer ${credential.secret}`];
  }
}
