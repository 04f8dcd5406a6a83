import { createHash } from 'node:crypto';
import type { AddressPolicy } from '@patchbay/shared/engine/outgoing/address-policy';
import { AppError, describeError, type ErrorCode } from '@patchbay/shared/contract/errors';
import type { Catalog } from '@patchbay/shared/engine/tools/catalog';
import { lightProbe, probe, type LightProbeResult } from '@patchbay/shared/engine/probe/probe';
import type { Route } from '@patchbay/shared/engine/calls/attempts';
import type { ProbeSuccess } from '@patchbay/shared/contract/schema/functions';
import type { ServiceRpc } from '@patchbay/shared/engine/service-rpc';
import type { Credential } from '@patchbay/shared/engine/session/target';
import { openCredential } from '@patchbay/shared/engine/secrets/open-credential';
import type { SecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import type { ProbeJob } from '../database.ts';

/** The same as a conversation's, so a probe is no stricter than a call. */
export const PROBE_TIMEOUT_MS = 15_000;
/** Routes to keep; beyond that the least recently used is dropped. */
const MOST_ROUTES = 20_000;

/** Facts that this probe did not read; the stored ones stay. */
const UNCHANGED = { protocol_version: null, server_info: null, capabilities: null, instructions: null };

export interface ProbeOutcome {
  result: LightProbeResult;
  /** Null if the tools were not requested or did not come in time. */
  catalog: Catalog | null;
  certificateExpiresAt: Date | null;
  /** The server was not reached at all. */
  isUnreached: boolean;
}

/** Probes servers with the credential of their owner. */
export class Prober {
  readonly #policy: AddressPolicy;
  readonly #keys: SecretKeys;
  readonly #rpc: ServiceRpc;
  readonly #routes = new Map<string, Route>();

  /** @param rpc uses the grants of sign-ins */
  constructor(policy: AddressPolicy, keys: SecretKeys, rpc: ServiceRpc) {
    this.#rpc = rpc;
    this.#policy = policy;
    this.#keys = keys;
  }

  /** Probes one server once; never rejects. A tool list that takes too long is not a failure. */
  async probe(job: ProbeJob): Promise<ProbeOutcome> {
    let credential: Credential;
    try {
      credential = await this.#credentialFor(job);
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'internal';
      return { result: failure(code), catalog: null, certificateExpiresAt: null, isUnreached: false };
    }
    let certificateExpiresAt: Date | null = null;
    let hasAnswered = false;
    let transport: Route['transport'] = 'streamable_http';
    const options = {
      policy: this.#policy,
      timeoutMs: PROBE_TIMEOUT_MS,
      findsSignIn: false,
      route: this.#routeOf(job),
      onRoute: (route: Route) => {
        transport = route.transport;
        this.#remember(job, route);
      },
      onCertificate: (expiresAt: Date) => void (certificateExpiresAt = expiresAt),
      onPhase: (phase: string) => void (hasAnswered ||= phase === 'authenticate'),
    };
    const target = { url: job.url, transport: job.transport, protocolEra: job.protocol_era, credential };
    const full = job.wants_tools ? await probe(target, options) : null;
    const result: LightProbeResult = full ?? (await lightProbe(target, options));
    if (!result.ok) this.#routes.delete(routeKey(job));
    const isSlowList = !result.ok && result.phase === 'list_tools' && result.code === 'timeout';
    return {
      result: isSlowList ? { ok: true, phases: result.phases, transport, ...UNCHANGED } : result,
      catalog: full?.ok ? catalogOf(full) : null,
      certificateExpiresAt,
      isUnreached: !result.ok && !hasAnswered && describeError(result.code).about === 'network',
    };
  }

  async #credentialFor(job: ProbeJob): Promise<Credential> {
    const credential = await openCredential(job, {
      userId: job.added_by,
      readKeys: () => this.#keys,
      rpc: this.#rpc,
      policy: this.#policy,
    });
    if (credential === null) throw new AppError('credential_missing');
    return credential;
  }

  #routeOf(job: ProbeJob): Route | undefined {
    return this.#routes.get(routeKey(job));
  }

  #remember(job: ProbeJob, route: Route): void {
    const key = routeKey(job);
    this.#routes.delete(key);
    this.#routes.set(key, route);
    const [oldest] = this.#routes.keys();
    if (oldest !== undefined && this.#routes.size > MOST_ROUTES) this.#routes.delete(oldest);
  }
}

/** The digest of a list of tools, as `store_catalog` keeps that of the one before. */
export function digestOf({ tools, skipped, note }: Catalog): string {
  const lines = tools
    .map(({ name, fingerprint }) => ({ name: Buffer.from(name), line: `${name} ${fingerprint}` }))
    .sort((a, b) => a.name.compare(b.name))
    .map(({ line }) => line);
  const left = skipped.map(({ name, reason }) => `${name} ${reason}`);
  const text = [lines.join('\n'), ...(left.length > 0 ? ['', ...left] : [])].join('\n');
  return createHash('md5')
    .update(note === undefined ? text : `${text}\n\n\n${note}`)
    .digest('hex');
}

function catalogOf({ tools, skipped, note }: ProbeSuccess): Catalog {
  return { tools, skipped, ...(note && { note }) };
}

function routeKey({ id, config_version }: ProbeJob): string {
  return `${id} ${config_version}`;
}

function failure(code: ErrorCode): LightProbeResult {
  const { message, hint } = describeError(code);
  return { ok: false, phase: 'authenticate', code, message, hint, phases: [] };
}
