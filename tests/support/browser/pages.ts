import { globSync } from 'node:fs';
import { join } from 'node:path';
import type { Scene } from './scene.ts';

const ROUTES = join(import.meta.dirname, '../../../web/src/routes');

export interface AppPage {
  name: string;
  path: (scene: Scene) => string;
  isPublic?: boolean;
  redirectsTo?: string;
}

/** Every page of the app by the folder of its route. A route that is missing here fails the tests. */
export const PAGES: Record<string, AppPage> = {
  '(auth)/sign-in': { name: 'sign-in', path: () => '/sign-in', isPublic: true },
  '(auth)/sign-up': { name: 'sign-up', path: () => '/sign-up', isPublic: true },
  '(auth)/forgot-password': { name: 'forgot-password', path: () => '/forgot-password', isPublic: true },
  '(auth)/email-link': { name: 'email-link', path: () => '/email-link', isPublic: true },
  '(auth)/auth/confirm': {
    name: 'email-confirm',
    path: () => '/auth/confirm?token_hash=unknown&type=recovery',
    isPublic: true,
  },
  '(auth)/auth/callback': {
    name: 'not-signed-in-by-provider',
    path: () => '/auth/callback?error=access_denied',
    isPublic: true,
  },
  // Redirects without a freshly confirmed link; email-links.spec.ts opens it with one.
  '(auth)/set-password': { name: 'set-password', path: () => '/set-password', redirectsTo: '/account' },
  '(app)/servers/(list)': { name: 'servers', path: () => '/servers' },
  '(app)/servers/(list)/import': { name: 'server-import', path: () => '/servers/import' },
  '(app)/servers/(list)/new': { name: 'server-new', path: () => '/servers/new' },
  '(app)/servers/(list)/[id]/edit': {
    name: 'server-edit',
    path: ({ serverId }) => `/servers/${serverId}/edit`,
  },
  '(app)/servers/[id]': { name: 'server', path: ({ serverId }) => `/servers/${serverId}` },
  '(app)/servers/[id]/sign-in': {
    name: 'server-sign-in',
    path: ({ signInServerId }) => `/servers/${signInServerId}/sign-in`,
  },
  '(app)/oauth/callback': { name: 'not-signed-in', path: () => '/oauth/callback?state=unknown' },
  '(app)/servers/delete': {
    name: 'server-delete',
    path: ({ serverId }) => `/servers/delete?id=${serverId}`,
  },
  '(app)/notices': { name: 'notices', path: () => '/notices' },
  '(app)/talk': { name: 'talk', path: () => '/talk' },
  '(app)/agents': { name: 'agents', path: () => '/agents' },
  '(app)/agents/new': { name: 'agent-new', path: () => '/agents/new' },
  '(app)/agents/[id]/delete': {
    name: 'agent-delete',
    path: ({ agentId }) => `/agents/${agentId}/delete`,
  },
  '(app)/agents/[id]': { name: 'agent', path: ({ agentId }) => `/agents/${agentId}` },
  '(app)/conversations': { name: 'history', path: () => '/conversations' },
  '(app)/conversations/[id]': {
    name: 'conversation',
    path: ({ conversationId }) => `/conversations/${conversationId}`,
  },
  '(app)/workspace': { name: 'workspace', path: () => '/workspace' },
  '(app)/workspace/new': { name: 'workspace-new', path: () => '/workspace/new' },
  '(app)/workspace/transfer': { name: 'transfer', path: () => '/workspace/transfer' },
  '(app)/workspace/tokens': { name: 'tokens', path: () => '/workspace/tokens' },
  '(app)/workspace/audit': { name: 'audit', path: () => '/workspace/audit' },
  '(app)/invitations/[token]': {
    name: 'invitation',
    path: ({ invitationToken }) => `/invitations/${invitationToken}`,
  },
  '(app)/account': { name: 'account', path: () => '/account' },
};

/** The folders of all routes that have a page. */
export function pageRoutes(): string[] {
  return globSync('**/+page.svelte', { cwd: ROUTES }).map((file) => file.replace(/\/\+page\.svelte$/, ''));
}
