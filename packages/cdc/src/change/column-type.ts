/** A column as its table declares it. */
export interface ColumnType {
  readonly name: string;
  readonly typeOid: number;
  /** `atttypmod`: length, precision or scale, as its type packs them; -1 without. */
  readonly typeMod: number;
}
