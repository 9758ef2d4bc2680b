import { ServerError } from '../src/server/api';
import type {
  Attachment,
  Finding,
  Target,
  TargetCheck,
  TargetKind,
  Targets,
  Workspace,
} from '../src/server/openapi';
import type { TargetsApi } from '../src/targets/target_list';

const GB = 1e9;

/** A target as the server tells of one that answers. */
export function target(name: string, changes: Partial<Target> = {}): Target {
  return {
    name,
    kind: name,
    where: '',
    is_attached: name !== 'local',
    can: [],
    why_unusable: null,
    others: null,
    fullness: {
      capacity: { cpus: 16, gpus: 2, memory_bytes: 64 * GB },
      in_use: { cpus: 4, gpus: 1, memory_bytes: 12 * GB },
      running: 2,
      waiting: 5,
    },
    heard_at: Date.now() / 1000 - 3,
    why_not: null,
    since: null,
    is_asked: false,
    next_try: null,
    is_paused: false,
    problems: {},
    ...changes,
  };
}

const asked = { is_needed: false, shape: 'text', choices: [] } as const;

export const KINDS: readonly TargetKind[] = [
  {
    name: 'ssh',
    about: 'a machine of your own, by ssh',
    why_not: null,
    settings: [
      {
        ...asked,
        name: 'folder',
        meaning: 'where its runs are kept there; left out: ~/.local/share/cellrun',
      },
      {
        ...asked,
        name: 'host',
        is_needed: true,
        meaning: 'what `ssh` is called with: a name from your ssh config, user@host, or ssh://user@host:2222',
      },
    ],
  },
  {
    name: 'moon',
    about: '',
    why_not: null,
    settings: [
      { ...asked, name: 'nodes', shape: 'number', meaning: 'so many of its runs at once' },
      { ...asked, name: 'extra', shape: 'list', meaning: 'further options' },
      { ...asked, name: 'way', choices: ['pull', 'push'], meaning: 'how runs come home' },
    ],
  },
  { name: 'gone', about: '', why_not: "compute target 'gone' can't be loaded", settings: [] },
];

/** All states that a target may be in. */
export const everyState = (): readonly Target[] => [
  target('local', {
    fullness: {
      capacity: { cpus: 8, gpus: 0, memory_bytes: 16 * GB },
      in_use: { cpus: 3, gpus: 0, memory_bytes: 2.5 * GB },
      running: 2,
      waiting: 0,
    },
  }),
  target('box', { kind: 'ssh', where: 'me@gpu1.example.org' }),
  target('new', { kind: 'ssh', where: 'gpu2', fullness: null, heard_at: null, is_asked: true }),
  target('far', {
    kind: 'ssh',
    where: 'gpu3',
    heard_at: Date.now() / 1000 - 700,
    why_not: "gpu3 can't be reached: no route to host",
    since: Date.now() / 1000 - 660,
    next_try: Date.now() / 1000 + 50,
  }),
  target('lent', {
    kind: 'ssh',
    fullness: null,
    heard_at: null,
    why_unusable: "the compute target 'lent' can't be used here",
    others: {
      kind: 'ssh',
      settings: { host: 'theirs' },
      why: "its signature isn't yours: another user's, or another machine's",
    },
  }),
  target('broken', {
    kind: '',
    fullness: null,
    heard_at: null,
    why_unusable: "the compute target 'broken' can't be read from /w/targets/broken.json: JSONDecodeError",
  }),
];

/** Stands for the server's routes of targets: answers as a test says, and keeps what was asked. */
export class FakeTargets implements TargetsApi {
  mayChange = true;
  /** Refuses what is asked next, once. */
  refusal: ServerError | null = null;
  check: TargetCheck = {
    problems: { name: '', kind: '', settings: {}, others: '' },
    findings: [
      { subject: 'connection', is_well: true, text: 'box answers after 0.4 s; it calls itself gpu1' },
    ],
  };
  findings: readonly Finding[] = [
    { subject: 'connection', is_well: true, text: 'box answers after 0.4 s; it calls itself gpu1' },
    { subject: 'clock', is_well: false, text: 'it is 90 s ahead; set it' },
  ];
  readonly asked: [string, unknown][] = [];

  constructor(public listed: readonly Target[] = everyState()) {}

  workspaces(): Promise<readonly Workspace[]> {
    const one = { runs: 0, latest_at: null };
    return Promise.resolve([
      { ...one, id: 'w', name: 'digits', folder: '/w' },
      { ...one, id: 'v', name: 'other', folder: '/v' },
    ]);
  }

  targetKinds(): Promise<readonly TargetKind[]> {
    return Promise.resolve(KINDS);
  }

  targets(_workspace: string, again = false): Promise<Targets> {
    return this.answer('targets', again, { targets: this.listed, may_change: this.mayChange });
  }

  checkTarget(_workspace: string, attachment: Attachment): Promise<TargetCheck> {
    return this.answer('check', attachment, this.check);
  }

  attachTarget(_workspace: string, attachment: Attachment): Promise<Targets> {
    if (!this.refusal) {
      const others = this.listed.filter(({ name }) => name !== attachment.name);
      this.listed = [...others, target(attachment.name, { kind: attachment.kind })];
    }
    return this.answer('attach', attachment, { targets: this.listed, may_change: true });
  }

  detachTarget(_workspace: string, name: string): Promise<void> {
    if (!this.refusal) this.listed = this.listed.filter(one => one.name !== name);
    return this.answer('detach', name, undefined);
  }

  examineTarget(_workspace: string, name: string): Promise<readonly Finding[]> {
    return this.answer('examine', name, this.findings);
  }

  private answer<Answer>(what: string, given: unknown, answer: Answer): Promise<Answer> {
    this.asked.push([what, given]);
    const { refusal } = this;
    this.refusal = null;
    return refusal ? Promise.reject(refusal) : Promise.resolve(answer);
  }
}
