/** The schema of the database as its clients use it, from the types that are made from the migrations. */
import type { Database, Json } from './database.types.ts';

type Schema = Database['public'];
type Table = keyof Schema['Tables'];
/** A row of a table, with every column that it has. */
type RowOf<Name extends Table> = Schema['Tables'][Name]['Row'];

/** What is stored as JSON may be any value that can be written as JSON, not only what `Json` spells out. */
type WithAnyJson<Columns> = {
  [Name in keyof Columns]: NonNullable<Json> extends Columns[Name] ? unknown : Columns[Name];
};
type WithNull<Args> = { [Name in keyof Args]: Args[Name] | null };

/** For `createClient`. Any argument of a function may be null; its answer is unknown until a schema checked it. */
export interface ClientSchema {
  public: {
    Tables: {
      [Name in Table]: {
        Row: WithAnyJson<RowOf<Name>>;
        Insert: WithAnyJson<Schema['Tables'][Name]['Insert']>;
        Update: WithAnyJson<Schema['Tables'][Name]['Update']>;
        Relationships: Schema['Tables'][Name]['Relationships'];
      };
    };
    Views: Record<never, never>;
    Functions: {
      [Name in keyof Schema['Functions']]: {
        Args: WithNull<WithAnyJson<Schema['Functions'][Name]['Args']>>;
        Returns: unknown;
      };
    };
  };
}
