import type { Value } from '../data/protocol';

const MINUS = '−';
const NOTHING = '–';
/** So many digits tell what a number is. */
const DIGITS = 5;

/** Numbers, sizes and times in words of a language (BCP 47), each with as few changes of width as can be. */
export class Format {
  private readonly formats = new Map<string, Intl.NumberFormat>();

  constructor(readonly language: string) {}

  /** A logged value, as it is read: whole numbers in full, others with five digits, texts as they are. */
  value(value: Value): string {
    if (value === null) return NOTHING;
    if (typeof value === 'object')
      return 'int' in value ? this.bigInt(value.int) : this.number(Number(value.float));
    return typeof value === 'number' ? this.number(value) : String(value);
  }

  /** A number: the same number of digits after the point for all of about the same size, unless it is `whole`. */
  number(value: number, whole = Number.isInteger(value)): string {
    if (Number.isNaN(value)) return 'NaN';
    if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
    const size = Math.abs(value);
    if (whole && size < 1e15) return this.fixed(value, 0);
    if (size !== 0 && (size >= 1e6 || size < 1e-4)) return this.scientific(value);
    const exponent = size === 0 ? 0 : Math.floor(Math.log10(size));
    return this.fixed(value, Math.max(0, DIGITS - 1 - exponent - (exponent < 0 ? 1 : 0)));
  }

  /**
   * A logged value, then the same with ever fewer digits: what there is to choose from where room is short (`fit`).
   *
   * With each number of digits first as it is usually written, as long as no digit before the point is lost.
   */
  shorter(value: Value): readonly string[] {
    const number = numberOf(value);
    const texts = [this.value(value)];
    if (number === 0 || !Number.isFinite(number)) return texts;
    for (let digits = DIGITS; digits > 0; digits--) {
      const after = digits - 1 - Math.floor(Math.log10(Math.abs(number)));
      if (after >= 0 && after <= 100) texts.push(this.fixed(number, after));
      texts.push(this.scientific(number, digits - 1));
    }
    return texts;
  }

  /** A number beside a grid line, where lines are `step` apart. */
  tick(value: number, step: number): string {
    const size = Math.max(Math.abs(value), step);
    if (size >= 1e15) return value === 0 ? this.fixed(0, 0) : this.scientific(value, 1);
    if (size >= 1e5) return this.compact(value);
    if (step < 1e-4) return value === 0 ? this.fixed(0, 0) : this.scientific(value, 0);
    return this.fixed(value, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
  }

  count(value: number): string {
    return this.fixed(value, 0);
  }

  /** A size in bytes: 512 B, 1.2 MB. */
  bytes(size: number): string {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    const power = size < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3));
    return `${this.fixed(size / 1000 ** power, power === 0 ? 0 : 1)} ${units[power] ?? ''}`;
  }

  /** A time of day. `at`: epoch milliseconds. */
  time(at: number): string {
    return new Intl.DateTimeFormat(this.language, { timeStyle: 'medium' }).format(at);
  }

  /** A day and a time. `at`: epoch milliseconds. */
  dateTime(at: number): string {
    return new Intl.DateTimeFormat(this.language, { dateStyle: 'medium', timeStyle: 'medium' }).format(at);
  }

  private fixed(value: number, digits: number): string {
    return this.with(`fixed ${digits}`, value, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
  }

  private scientific(value: number, digits = DIGITS - 1): string {
    const [mantissa = '', exponent = ''] = value.toExponential(digits).split('e');
    return `${this.fixed(Number(mantissa), digits)}e${exponent.replace('+', '').replace('-', MINUS)}`;
  }

  private compact(value: number): string {
    return this.with('compact', value, { notation: 'compact', maximumFractionDigits: 2 });
  }

  private bigInt(digits: string): string {
    return new Intl.NumberFormat(this.language).format(BigInt(digits)).replace('-', MINUS);
  }

  private with(key: string, value: number, options: Intl.NumberFormatOptions): string {
    let format = this.formats.get(key);
    if (!format) {
      format = new Intl.NumberFormat(this.language, { ...options, signDisplay: 'negative' });
      this.formats.set(key, format);
    }
    return format.format(value).replace('-', MINUS);
  }
}

/** A logged value as a number; NaN for what is none. */
function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  return value !== null && typeof value === 'object' ? Number('int' in value ? value.int : value.float) : NaN;
}

/** A duration as a clock shows it: 00:42, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part: number): string => String(part).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}
