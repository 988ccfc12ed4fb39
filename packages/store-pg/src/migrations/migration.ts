/** One step of the schema. Once published it is never changed: what differs comes as another step. */
export interface Migration {
  /** 1, 2, 3… without gaps. */
  readonly version: number;
  readonly name: string;
  /** The statements, for a schema whose quoted name is given. */
  readonly sql: (schema: string) => string;
}
