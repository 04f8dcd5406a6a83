import type { ServiceRpc } from '@patchbay/shared/engine/service-rpc';
import type { Sql } from 'postgres';

/** The functions of the database for grants, without the REST API before them. */
export function grantRpcOf(sql: Sql): ServiceRpc {
  return async (name, args) => {
    const names = Object.keys(args).map((key, i) => `${key} => $${i + 1}`);
    const [row] = await sql.unsafe(
      `select public.${name}(${names.join(', ')}) as answer`,
      Object.values(args) as never[],
    );
    return (row?.['answer'] ?? null) as unknown;
  };
}
