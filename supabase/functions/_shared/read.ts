import { z } from 'zod';
import { AppError } from '../../../shared/src/contract/errors.ts';
import { LimitReached } from '../../../shared/src/contract/schema/limits.ts';

interface RefusalDetails {
  code?: string | undefined;
  hint?: string | undefined;
  limit?: LimitReached | undefined;
}

/** A rule of the database that the caller ran into; its message is written for the user. */
export class DatabaseRefusal extends Error {
  override readonly name = 'DatabaseRefusal';
  readonly status: number;
  /** Machine-readable, for rules that have a code. */
  readonly code: string | undefined;
  readonly hint: string | undefined;
  readonly limit: LimitReached | undefined;

  constructor(status: number, message: string, { code, hint, limit }: RefusalDetails = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.limit = limit;
  }
}

/** The rows of an answer, checked; a failed one throws as `Database` says. */
export async function read<Schema extends z.ZodType>(
  query: PromiseLike<{
    data: unknown;
    error: { code?: string; message: string; details?: unknown; hint?: string | null } | null;
  }>,
  schema: Schema,
): Promise<z.output<Schema>> {
  const { data, error } = await query;
  if (error) {
    const [, status] = /^PT(4\d\d)$/.exec(error.code ?? '') ?? [];
    const details = { ...detailsOf(error.details), hint: error.hint ?? undefined };
    if (status) throw new DatabaseRefusal(Number(status), error.message, details);
    throw new AppError('internal', {
      message: `The database rejected the request with code ${error.code || 'none'}.`,
    });
  }
  const parsed = schema.safeParse(data);
  if (!parsed.success)
    throw new AppError('internal', { message: 'The database returned rows of an unknown shape.' });
  return parsed.data;
}

const RefusalCode = z.object({ code: z.string() });

/** Rules with more details send them as JSON. */
function detailsOf(details: unknown): RefusalDetails {
  if (typeof details !== 'string' || !details.startsWith('{"')) return {};
  const value: unknown = JSON.parse(details);
  return { code: RefusalCode.safeParse(value).data?.code, limit: LimitReached.safeParse(value).data };
}
