import type { JWTPayload } from 'jose';
import type { Sql } from 'postgres';

/** The claims of a user's token, or of the role that an API key stands for. */
export interface Identity {
  role: string;
  claims: JWTPayload;
}

/**
 * Asks the policies on realtime.messages as hosted Realtime does: a message is written as superuser, and then
 * looked for as the user. Nothing stays: the transaction is rolled back.
 */
export function mayRead(sql: Sql, topic: string, identity: Identity): Promise<boolean> {
  return inRolledBackTransaction(sql, async (transaction) => {
    const [probe] = await transaction<{ id: string }[]>`
      insert into realtime.messages (topic, extension)
      values (${topic}, 'broadcast') returning id`;
    await become(transaction, topic, identity);
    const seen = await transaction`select 1 from realtime.messages where id = ${probe?.id ?? null}`;
    return seen.length === 1;
  });
}

/** Whether the policies let the user send to the topic: a message is written as the user, and rolled back. */
export function mayWrite(sql: Sql, topic: string, identity: Identity): Promise<boolean> {
  return inRolledBackTransaction(sql, async (transaction) => {
    await become(transaction, topic, identity);
    await transaction`
      insert into realtime.messages (topic, extension)
      values (${topic}, 'broadcast')`;
    return true;
  });
}

async function become(transaction: Sql, topic: string, { role, claims }: Identity): Promise<void> {
  await transaction`
    select set_config('realtime.topic', ${topic}, true),
      set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
      set_config('request.jwt.claim.sub', ${claims.sub ?? ''}, true),
      set_config('request.jwt.claim.role', ${role}, true),
      set_config('role', ${role}, true)`;
}

/** Class 42 is a refusal by a policy, or a policy that can't be evaluated: both mean no. */
async function inRolledBackTransaction(
  sql: Sql,
  check: (transaction: Sql) => Promise<boolean>,
): Promise<boolean> {
  const connection = await sql.reserve();
  try {
    await connection`begin`;
    return await check(connection);
  } catch (error) {
    if (typeof (error as { code?: unknown }).code === 'string' && 'severity' in (error as object))
      return false;
    throw error;
  } finally {
    await connection`rollback`.catch(() => undefined);
    connection.release();
  }
}
