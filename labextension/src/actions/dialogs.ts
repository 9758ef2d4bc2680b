/** How an action asks the reader and tells what came of it: an interface, which JupyterLab and a plain page each fulfil. */

/** A text that the reader may change. */
export interface Field {
  readonly label: string;
  readonly value: string;
  /** What may be written, and how. */
  readonly help?: string;
}

/** What the reader is asked before something is done. */
export interface Question {
  readonly title: string;
  /** What there is to know, one line each. */
  readonly lines: readonly string[];
  readonly fields?: readonly Field[];
  /** What the button that does it says: a verb. */
  readonly accept: string;
  /** Whether what it does can't be undone: the other button has the keyboard then. */
  readonly danger?: boolean;
}

/** Where a notice leads. */
export interface Link {
  readonly label: string;
  follow(): void;
}

/** How an action asks the reader and tells what came of it: in JupyterLab by its own dialogs, elsewhere by `<dialog>`. */
export interface Dialogs {
  /** Return the fields' values, none without fields; null if the reader doesn't want to. */
  ask(question: Question): Promise<readonly string[] | null>;
  tell(text: string, kind: 'info' | 'error', link?: Link): void;
}
