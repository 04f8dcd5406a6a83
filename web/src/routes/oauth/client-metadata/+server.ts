import { clientIdentity } from '@patchbay/shared/engine/oauth/client-metadata';
import type { RequestHandler } from './$types';

/** The client metadata document (CIMD): its URL is the client ID for authorization servers. */
export const GET: RequestHandler = ({ url }) => {
  const { metadata } = clientIdentity(url.origin);
  const document = { client_id: url.origin + url.pathname, ...metadata };
  return Response.json(document, { headers: { 'cache-control': 'public, max-age=3600' } });
};
