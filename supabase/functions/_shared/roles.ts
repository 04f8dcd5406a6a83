import { hasKeysOfMembers } from '../../../shared/src/engine/secrets/key-holder.ts';
import type { Role } from '../../../shared/src/contract/schema/workspace.ts';
import { refuse, type Answer } from './answer.ts';
import type { Database, ServerAccess } from './database.ts';

/**
 * Finds a server that the caller sees and whether the role allows to use it.
 * @returns the server, or the refusal: 404 when the caller may not see it, 403 when the role is too low
 */
export async function requireServer(
  serverId: string,
  allowed: (access: ServerAccess) => boolean,
  database: Pick<Database, 'findServer'>,
): Promise<{ ok: true; access: ServerAccess } | { ok: false; answer: Answer }> {
  const access = await database.findServer(serverId);
  if (!access) return { ok: false, answer: refuse(404, 'server_not_found', 'There is no such server.') };
  if (!allowed(access)) return { ok: false, answer: refuseRole() };
  return { ok: true, access };
}

/** @param message a sentence for the user */
export function refuseRole(message = 'Your role in this workspace does not allow this.'): Answer {
  return refuse(403, 'role_too_low', message);
}

/** Whoever sees a server: what a viewer may do there is checked elsewhere. */
export function maySee(): boolean {
  return true;
}

const TESTERS: readonly Role[] = ['owner', 'admin', 'member'];
const ADMINS: readonly Role[] = ['owner', 'admin'];

/** Viewers only read; a probe uses the stored credential, so it takes a member. */
export function mayTest({ role }: ServerAccess): boolean {
  return TESTERS.includes(role);
}

/** The credential of the workspace takes who may edit the server, one's own takes who may use it. */
export function maySetCredential(access: ServerAccess): boolean {
  const { authMethod: auth_method, credentialScope: credential_scope } = access;
  return hasKeysOfMembers({ auth_method, credential_scope }) ? mayTest(access) : mayEdit(access);
}

/** Members change what they added, admins everything: the same rule as the update policy of `mcp_servers`. */
export function mayEdit({ role, isOwn }: ServerAccess): boolean {
  return ADMINS.includes(role) || (role === 'member' && isOwn);
}
