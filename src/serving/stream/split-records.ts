import { RiskopsError } from '../../errors.js';

/** Follows quotes through a text that comes in pieces: a quote opens a field at its start only. */
class Quotes {
  #inside = false;
  #atStart = true;
  #mayEnd = false;

  /** Whether a record ends where `text`, the next piece up to a line end, ends. */
  isWholeAfter(text: string): boolean {
    if (!this.#inside && !text.includes('"')) return true;
    for (let i = 0; i < text.length; i++) this.#take(text.charCodeAt(i));
    if (this.#mayEnd) this.#close();
    if (this.#inside) return false;
    this.#atStart = true;
    return true;
  }

  #take(c: number): void {
    const isQuote = c === 34;
    if (this.#mayEnd) {
      // A quote inside a quoted field ends it, unless another follows.
      if (isQuote) {
        this.#mayEnd = false;
        return;
      }
      this.#close();
    }
    if (this.#inside) this.#mayEnd = isQuote;
    else if (isQuote && this.#atStart) this.#inside = true;
    else this.#atStart = c === 44 || c === 59 || c === 9 || c === 124;
    if (this.#inside) this.#atStart = false;
  }

  #close(): void {
    this.#inside = false;
    this.#mayEnd = false;
    this.#atStart = false;
  }
}

/** Cuts a text that comes in pieces into its records, each without its line end. */
export class RecordSplitter {
  #carry = '';
  #line = '';
  readonly #quotes: Quotes | null;

  /** @param limit the most characters of a record */
  constructor(
    quotes: boolean,
    private readonly limit: number,
  ) {
    this.#quotes = quotes ? new Quotes() : null;
  }

  /** The records that end in this piece. @throws RiskopsError BODY_TOO_LARGE */
  *push(piece: string): Generator<string> {
    let from = 0;
    for (;;) {
      const at = piece.indexOf('\n', from);
      if (at < 0) break;
      this.#line += piece.slice(from, at);
      from = at + 1;
      const isWhole = this.#quotes?.isWholeAfter(this.#line) ?? true;
      const record = this.#carry + this.#line;
      this.#line = '';
      this.#carry = isWhole ? '' : `${record}\n`;
      this.#check(record.length);
      if (isWhole) yield record.endsWith('\r') ? record.slice(0, -1) : record;
    }
    this.#line += piece.slice(from);
    this.#check(this.#carry.length + this.#line.length);
  }

  /** What is left when the text has ended: the last record, when no line end follows it. */
  end(): string {
    return this.#carry + this.#line;
  }

  #check(length: number): void {
    if (length <= this.limit) return;
    throw new RiskopsError('BODY_TOO_LARGE', {
      what: `A row of the stream is over the limit of ${this.limit} characters.`,
      fix: 'send one row a line, or start the server with a larger --body-bytes',
      details: { limit_characters: this.limit },
    });
  }
}
