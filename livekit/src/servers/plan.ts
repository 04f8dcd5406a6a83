/**
 * What one conversation should be connected to, against what it is connected to. Pure: the reconciler
 * asks, `Connections` does.
 */
export interface Configured {
  id: string;
  /** Raised by the database whenever the configuration or the credential of the server changes. */
  configVersion: number;
  /** The key or sign-in that is used; null without one. */
  credentialId: string | null;
}

export type Action =
  /** No longer wanted: the connection ends when its running calls have ended. */
  | { do: 'close'; serverId: string }
  /** Another configuration: a new connection takes over, the old one finishes its calls. */
  | { do: 'replace'; serverId: string }
  | { do: 'open'; serverId: string };

/**
 * The actions that turn `actual` into `desired`: first what goes, then what changes, then what comes, in
 * the order given. A desired version older than the actual one is a late reading and changes nothing.
 */
export function plan(desired: readonly Configured[], actual: readonly Configured[]): Action[] {
  const wanted = new Map(desired.map((server) => [server.id, server]));
  const held = new Map(actual.map((server) => [server.id, server]));
  const closes: Action[] = [...held.keys()]
    .filter((id) => !wanted.has(id))
    .map((serverId) => ({ do: 'close', serverId }));
  const replaces: Action[] = [];
  const opens: Action[] = [];
  for (const [serverId, { configVersion, credentialId }] of wanted) {
    const own = held.get(serverId);
    const isSame = own?.configVersion === configVersion && own.credentialId === credentialId;
    if (own === undefined) opens.push({ do: 'open', serverId });
    else if (!isSame && configVersion >= own.configVersion) replaces.push({ do: 'replace', serverId });
  }
  return [...closes, ...replaces, ...opens];
}
