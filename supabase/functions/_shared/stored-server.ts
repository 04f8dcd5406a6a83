import type { AddressPolicy } from '../../../shared/src/engine/outgoing/address-policy.ts';
import { describeError } from '../../../shared/src/contract/errors.ts';
import type { SecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import type { ProbeOptions, ProbeResult, ProbeTarget } from '../../../shared/src/engine/probe/probe.ts';
import type { Credential, ServerTarget } from '../../../shared/src/engine/session/target.ts';
import { credentialFor, openCredential } from '../../../shared/src/engine/secrets/open-credential.ts';
import type { ProbeFailure } from '../../../shared/src/contract/schema/functions.ts';
import type { ProbeServer } from '../../../shared/src/contract/schema/snapshot.ts';
import type { Database } from './database.ts';
import type { ProbeSettings } from './settings.ts';

export type Probe = (target: ProbeTarget, options: ProbeOptions) => Promise<ProbeResult>;

export interface ProbeDeps {
  probe: Probe;
  settings: ProbeSettings;
  watch?: Pick<ProbeOptions, 'onPhase' | 'signal'>;
}

/**
 * Probes with the credential that was given. Without one that the method needs, no request is made: the
 * answer is a failure of the phase `authenticate` with code `credential_missing`.
 */
export async function probeWith(
  server: Pick<ProbeServer, 'url' | 'transport' | 'protocol_era' | 'auth_method' | 'auth_header'>,
  secret: string | null,
  { probe, settings, watch }: ProbeDeps,
): Promise<ProbeResult> {
  // Nobody has signed in to a draft, so it is tested without credentials.
  if (server.auth_method === 'oauth') return probeUnsigned(server, { probe, settings, watch });
  const credential = credentialFor(server.auth_method, server.auth_header, secret);
  if (!credential) return failureFor('credential_missing');
  return await probe({ ...addressOf(server), credential }, { ...settings, ...watch });
}

export interface CredentialDeps {
  database: Pick<Database, 'callerId' | 'serviceRpc'>;
  readKeys: () => SecretKeys;
  policy: AddressPolicy;
}

/** Probes a stored server with the credential that the caller uses there. */
export async function probeStored(
  server: ProbeServer,
  { probe, settings, watch, ...deps }: ProbeDeps & Omit<CredentialDeps, 'policy'>,
): Promise<ProbeResult> {
  const credential = await storedCredential(server, { ...deps, policy: settings.policy });
  if (!credential) return failureFor('credential_missing');
  return await probe({ ...addressOf(server), credential }, { ...settings, ...watch });
}

function storedCredential(
  server: ProbeServer,
  { database, readKeys, policy }: CredentialDeps,
): Promise<Credential | null> {
  return openCredential(server, {
    userId: database.callerId,
    readKeys,
    rpc: database.serviceRpc,
    policy,
  });
}

/** How to reach a stored server for the caller of a function; null when it needs one and none is set. */
export async function storedTarget(server: ProbeServer, deps: CredentialDeps): Promise<ServerTarget | null> {
  const credential = await storedCredential(server, deps);
  if (!credential) return null;
  return {
    serverId: server.id,
    configVersion: server.config_version,
    url: server.url,
    transport: server.transport,
    protocolEra: server.protocol_era,
    credential,
    callTimeoutMs: server.call_timeout_ms,
    maxConcurrency: server.max_concurrency,
    storedTools: server.tools,
  };
}

function addressOf({
  url,
  transport,
  protocol_era,
}: Pick<ProbeServer, 'url' | 'transport' | 'protocol_era'>) {
  return { url, transport, protocolEra: protocol_era };
}

async function probeUnsigned(
  server: Pick<ProbeServer, 'url' | 'transport' | 'protocol_era'>,
  { probe, settings, watch }: ProbeDeps,
): Promise<ProbeResult> {
  const target = { ...addressOf(server), credential: { method: 'none' } as const };
  const result = await probe(target, { ...settings, ...watch });
  const isForSignIn =
    !result.ok &&
    (result.code === 'unauthorized' || (result.code === 'forbidden' && result.wanted_auth === 'oauth'));
  if (!isForSignIn) return result;
  const message = 'The server responded and requires you to sign in.';
  const hint = 'Save it, then choose "Sign in" on its page.';
  return { ...failureFor('sign_in_required'), message, hint, phases: result.phases };
}

/** What a server lacks before anything can be asked of it. */
export function failureFor(code: 'credential_missing' | 'sign_in_required'): ProbeFailure {
  const { message, hint } = describeError(code);
  return { ok: false, phase: 'authenticate', code, message, hint, phases: [] };
}
