import type { Sql } from 'postgres';
import { z } from 'zod';

const Rights = z.object({ see: z.boolean(), add: z.boolean(), change: z.boolean(), remove: z.boolean() });
type Rights = z.infer<typeof Rights>;

const Column = z.object({
  name: z.string(),
  /** As Postgres writes it, such as `text[]`. */
  type: z.string(),
  is_nullable: z.boolean(),
  has_default: z.boolean(),
  choices: z.array(z.string()).nullable(),
  user: Rights,
});
export type Column = z.infer<typeof Column>;

const Table = z.object({ name: z.string(), columns: z.array(Column), user: Rights, token: Rights });
export type Table = z.infer<typeof Table>;

const Procedure = z.object({
  name: z.string(),
  arguments: z.array(z.object({ name: z.string(), type: z.string(), has_default: z.boolean() })),
  /** `void`, the name of a type, or null where it answers rows of `columns`. */
  returns: z.string().nullable(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  is_for_tokens: z.boolean(),
});
export type Procedure = z.infer<typeof Procedure>;

export interface Catalog {
  tables: Table[];
  procedures: Procedure[];
}

/** Reads what signed-in users and API tokens find. @param sql of the owner of a migrated database */
export async function readCatalog(sql: Sql): Promise<Catalog> {
  const tables = await sql`
    with roles (key, name) as (values ('user', 'authenticated'), ('token', 'api_token'))
    select c.relname as name,
      (select jsonb_agg(jsonb_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, null), 'is_nullable', not a.attnotnull,
        'has_default', a.atthasdef,
        'choices', (
          select jsonb_agg(word[1] order by n)
          from pg_constraint k,
            regexp_matches(pg_get_constraintdef(k.oid), '''([^'']*)''::text', 'g') with ordinality as m (word, n)
          where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
            and pg_get_constraintdef(k.oid) ~ ('^CHECK \\(\\(' || a.attname || ' (= ANY|<@) \\(?ARRAY\\[')
        ),
        'user', jsonb_build_object(
          'see', has_column_privilege('authenticated', c.oid, a.attnum, 'select'),
          'add', has_column_privilege('authenticated', c.oid, a.attnum, 'insert'),
          'change', has_column_privilege('authenticated', c.oid, a.attnum, 'update'),
          'remove', false
        )
      ) order by a.attnum)
      from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
      r.rights -> 'user' as user, r.rights -> 'token' as token
    from pg_class c, lateral (
      select jsonb_object_agg(key, jsonb_build_object(
        'see', has_any_column_privilege(roles.name, c.oid, 'select'),
        'add', has_any_column_privilege(roles.name, c.oid, 'insert'),
        'change', has_any_column_privilege(roles.name, c.oid, 'update'),
        'remove', has_table_privilege(roles.name, c.oid, 'delete')
      )) as rights from roles
    ) r
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and has_any_column_privilege('authenticated', c.oid, 'select')
    order by c.relname collate "C"`;
  const procedures = await sql`
    select p.proname as name,
      coalesce((
        select jsonb_agg(jsonb_build_object(
          'name', name, 'type', format_type(type, null), 'has_default', n > p.pronargs - p.pronargdefaults
        ) order by n)
        from unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) with ordinality as a (name, type, n)
      ), '[]') as arguments,
      case when p.proretset then null else format_type(p.prorettype, null) end as returns,
      coalesce((
        select jsonb_agg(jsonb_build_object('name', name, 'type', format_type(type, null)) order by n)
        from unnest(p.proargnames, p.proallargtypes, p.proargmodes) with ordinality as a (name, type, mode, n)
        where mode = 't'
      ), '[]') as columns,
      has_function_privilege('api_token', p.oid, 'execute') as is_for_tokens
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
      and has_function_privilege('authenticated', p.oid, 'execute')
    order by p.proname collate "C"`;
  return { tables: Table.array().parse(tables), procedures: Procedure.array().parse(procedures) };
}
