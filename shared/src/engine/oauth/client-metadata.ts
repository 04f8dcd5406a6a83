/** How Patchbay presents itself to authorization servers. The page serves the document (CIMD). */

export const CALLBACK_PATH = '/oauth/callback';
const CLIENT_METADATA_PATH = '/oauth/client-metadata';

export interface ClientIdentity {
  /** The one address to which authorization servers send people back. */
  redirectUrl: string;
  /** The address of the document, which is the id of the client; null where authorization servers cannot read it. */
  metadataUrl: string | null;
  /** What is registered where a server registers clients, and what the document says beside its own address. */
  metadata: {
    client_name: string;
    client_uri: string;
    redirect_uris: string[];
    grant_types: string[];
    response_types: string[];
    token_endpoint_auth_method: string;
  };
}

/** @param webUrl where the page is served */
export function clientIdentity(webUrl: string): ClientIdentity {
  const redirectUrl = new URL(CALLBACK_PATH, webUrl).href;
  const document = new URL(CLIENT_METADATA_PATH, webUrl);
  return {
    redirectUrl,
    metadataUrl: document.protocol === 'https:' ? document.href : null,
    metadata: {
      client_name: 'Patchbay',
      client_uri: new URL('/', webUrl).href,
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
  };
}
