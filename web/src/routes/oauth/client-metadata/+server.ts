import { clientIdentity } from '@patchbay/shared/engine/oauth/client-metadata';
import type { RequestHandler } from './$types';

/** How this deployment presents itself to authorization servers: its address is the id of the client (CIMD). */
export const GET: RequestHandler = ({ url }) => {
  const { metadata } = clientIdentity(url.origin);
  const document = { client_id: url.origin + url.pathname, ...metadata };
  return Response.json(document, { headers: { 'cache-control': 'public, max-age=3600' } });
};
