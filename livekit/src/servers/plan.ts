/**
 * Compares the servers that a conversation should have with those that it has. Pure: the reconciler plans, `ServerLinks`
 * applies.
 */
export interface Configured {
  id: string;
  /** Incremented by the database with every change of the configuration or the credential. */
  configVersion: number;
  /** The key or sign-in that is used; null without one. */
  credentialId: string | null;
}

export type Action =
  /** Removed: the connection closes when its running calls have ended. */
  | { do: 'close'; serverId: string }
  /** Changed: a new connection takes over, the old one finishes its calls. */
  | { do: 'replace'; serverId: string }
  | { do: 'open'; serverId: string };

/**
 * The actions that turn `actual` into `desired`: removals, then changes, then additions, in the order given. A desired
 * version older than the actual one comes from a late read and changes nothing.
 */
export function plan(desired: readonly Configured[], actual: readonly Configured[]): Action[] {
  const wanted = new Map(desired.map((server) => [server.id, server]));
  const existing = new Map(actual.map((server) => [server.id, server]));
  const closes: Action[] = [...existing.keys()]
    .filter((id) => !wanted.has(id))
    .map((serverId) => ({ do: 'close', serverId }));
  const replaces: Action[] = [];
  const opens: Action[] = [];
  for (const [serverId, { configVersion, credentialId }] of wanted) {
    const own = existing.get(serverId);
    const isSame = own?.configVersion === configVersion && own.credentialId === credentialId;
    if (own === undefined) opens.push({ do: 'open', serverId });
    else if (!isSame && configVersion >= own.configVersion) replaces.push({ do: 'replace', serverId });
  }
  return [...closes, ...replaces, ...opens];
}
