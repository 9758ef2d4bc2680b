/** What the server says of targets: `openapi.yaml` has the same. Times are epoch seconds. */

/** What one run may ask for, or what runs hold. */
export interface TargetResources {
  readonly cpus: number;
  readonly gpus: number;
  readonly memory_bytes: number;
}

/** How full a target was when it last answered. */
export interface Fullness {
  readonly capacity: TargetResources;
  readonly in_use: TargetResources;
  readonly running: number;
  readonly waiting: number;
}

/** Settings as a target has them. */
export type TargetSettings = Readonly<Record<string, unknown>>;

export interface Target {
  readonly name: string;
  /** Empty where it can't be read. */
  readonly kind: string;
  readonly where: string;
  readonly is_attached: boolean;
  readonly can: readonly string[];
  readonly why_unusable: string | null;
  /** Of one that another user attached: what has to be trusted. */
  readonly others: { readonly kind: string; readonly settings: TargetSettings; readonly why: string } | null;
  readonly fullness: Fullness | null;
  readonly heard_at: number | null;
  readonly why_not: string | null;
  readonly since: number | null;
  /** Its answer is waited for: ask for the list again soon. */
  readonly is_asked: boolean;
  readonly next_try: number | null;
  readonly is_paused: boolean;
  /** Why single runs can't be brought home, by id. */
  readonly problems: Readonly<Record<string, string>>;
}

export interface Targets {
  readonly targets: readonly Target[];
  /** Whether the reader may do more than look. */
  readonly may_change: boolean;
}

/** A setting as a form asks for it. */
export interface SettingAsked {
  readonly name: string;
  readonly meaning: string;
  readonly is_needed: boolean;
  readonly shape: 'text' | 'number' | 'list';
  /** The only texts that it takes, what leaving it out means first; none: any. */
  readonly choices: readonly string[];
}

export interface TargetKind {
  readonly name: string;
  readonly about: string;
  /** Why it can't be used here. */
  readonly why_not: string | null;
  readonly settings: readonly SettingAsked[];
}

/** One thing that a doctor has looked at. */
export interface Finding {
  readonly subject: string;
  readonly is_well: boolean;
  readonly text: string;
}

/** A target that isn't attached yet. */
export interface Attachment {
  readonly name: string;
  readonly kind: string;
  readonly settings: TargetSettings;
}

/** What is wrong with one, by its fields; where nothing is, what was found there. */
export interface TargetCheck {
  readonly problems: {
    readonly name: string;
    readonly kind: string;
    readonly settings: Readonly<Record<string, string>>;
    readonly others: string;
  };
  readonly findings: readonly Finding[];
}
