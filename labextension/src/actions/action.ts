/** Something that can be done with the runs that were chosen, as a line of a menu. */
export interface Action {
  readonly id: string;
  readonly label: string;
  readonly enabled: boolean;
  /** Why it can't be done, where it can't. */
  readonly why?: string;
  /** For what is on or off. */
  readonly checked?: boolean;
  /** The key that does the same. */
  readonly key?: string;
  run(): unknown;
}

/** Actions that stand together; a line parts them from the next. */
export type ActionGroup = readonly Action[];
