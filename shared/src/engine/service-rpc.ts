/** Calls a function of the database with the service key; rejects when it fails. */
export type ServiceRpc = (
  name:
    | 'read_grant'
    | 'lease_grant'
    | 'renew_grant'
    | 'delay_grant'
    | 'refuse_grant'
    | 'want_scope'
    | 'note_vain_renewal'
    | 'count_host_requests',
  args: Record<string, unknown>,
) => Promise<unknown>;
