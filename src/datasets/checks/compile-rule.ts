import type { Comparison, Node, Sum } from './parse-rule.js';
import { ruleError } from './rule-error.js';
import { dateOf, type RuleField, type RuleValue, type ValueType } from './rule-fields.js';

/** The value of a field in a row, as it was sent; undefined when it is not there. */
export type Lookup = (field: string) => unknown;

/** What a part of a rule is for a row. */
type Evaluate = (row: Lookup) => RuleValue;

interface Compiled {
  type: ValueType;
  evaluate: Evaluate;
}

const COMPARE: Record<Comparison, (order: number) => boolean> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
};

const SUMS: Record<Sum, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/** Turns the tree of a rule into functions, once: nothing of the rule's text is ever run. */
class Compiler {
  constructor(
    private readonly rule: string,
    private readonly fieldOf: (name: string) => RuleField,
  ) {}

  /** A part that is true, false or not known. */
  condition(node: Node): Evaluate {
    const { type, evaluate } = this.compile(node);
    if (type !== 'boolean' && type !== 'any')
      throw ruleError(this.rule, node.at, `a ${type} stands where something true or false should`);
    return (row) => {
      const value = evaluate(row);
      return typeof value === 'boolean' ? value : null;
    };
  }

  compile(node: Node): Compiled {
    switch (node.kind) {
      case 'value': {
        const { value } = node;
        const type = typeof value === 'string' ? 'text' : (typeof value as 'number' | 'boolean');
        return { type, evaluate: () => value };
      }
      case 'field': {
        const { type, read } = this.fieldOf(node.name);
        return { type, evaluate: (row) => read(row(node.name)) };
      }
      case 'minus': {
        const of = this.#number(node.of);
        return { type: 'number', evaluate: (row) => minus(of(row)) };
      }
      case 'sum':
        return this.#sum(node.sign, node.left, node.right);
      case 'compare':
        return { type: 'boolean', evaluate: this.#compare(node.sign, node.left, node.right) };
      case 'in':
        return { type: 'boolean', evaluate: this.#in(node.of, node.values, node.not) };
      case 'missing': {
        const { evaluate } = this.compile(node.of);
        return { type: 'boolean', evaluate: (row) => (evaluate(row) === null) !== node.not };
      }
      case 'not': {
        const of = this.condition(node.of);
        return { type: 'boolean', evaluate: (row) => not(of(row)) };
      }
      case 'both':
        return { type: 'boolean', evaluate: this.#both(node.word, node.left, node.right) };
    }
  }

  #number(node: Node): Evaluate {
    const { type, evaluate } = this.compile(node);
    if (type !== 'number' && type !== 'any' && type !== 'date')
      throw ruleError(this.rule, node.at, `a ${type} stands where a number should`);
    return evaluate;
  }

  #sum(sign: Sum, left: Node, right: Node): Compiled {
    const [a, b] = [this.#number(left), this.#number(right)];
    const sum = SUMS[sign];
    return {
      type: 'number',
      evaluate(row) {
        const [x, y] = [a(row), b(row)];
        if (typeof x !== 'number' || typeof y !== 'number') return null;
        const value = sum(x, y);
        return Number.isFinite(value) ? value : null;
      },
    };
  }

  /** Two sides that are to be compared; a text that stands against a date is one. */
  #sides(left: Node, right: Node): [Evaluate, Evaluate] {
    const [a, b] = [this.compile(left), this.compile(right)];
    if (a.type === 'date' && right.kind === 'value') return [a.evaluate, this.#date(right)];
    if (b.type === 'date' && left.kind === 'value') return [this.#date(left), b.evaluate];
    const isNumber = (type: ValueType) => type === 'number' || type === 'date';
    const fits =
      a.type === b.type || a.type === 'any' || b.type === 'any' || (isNumber(a.type) && isNumber(b.type));
    if (!fits) throw ruleError(this.rule, left.at, `a ${a.type} is compared with a ${b.type}`);
    return [a.evaluate, b.evaluate];
  }

  #date(node: Node & { kind: 'value' }): Evaluate {
    const date = typeof node.value === 'string' ? dateOf(node.value) : undefined;
    if (date === undefined)
      throw ruleError(this.rule, node.at, "a date such as '2024-01-31' should stand here");
    return () => date;
  }

  #compare(sign: Comparison, left: Node, right: Node): Evaluate {
    const [a, b] = this.#sides(left, right);
    const isTrue = COMPARE[sign];
    return (row) => {
      const [x, y] = [a(row), b(row)];
      // Nothing is known of a missing value, and a text is neither above nor below a number.
      if (x === null || y === null || typeof x !== typeof y) return null;
      return isTrue(x < y ? -1 : x > y ? 1 : 0);
    };
  }

  #in(of: Node, values: readonly (number | string | boolean)[], isNot: boolean): Evaluate {
    const { type, evaluate } = this.compile(of);
    const wrong = values.find(
      (value) => type !== 'any' && type !== 'date' && typeof value !== (type === 'text' ? 'string' : type),
    );
    if (wrong !== undefined)
      throw ruleError(
        this.rule,
        of.at,
        `a ${type} is looked for in a list that holds ${JSON.stringify(wrong)}`,
      );
    const dates = type === 'date' ? values.map((value) => dateOf(String(value))) : values;
    if (dates.some((date) => date === undefined))
      throw ruleError(this.rule, of.at, 'a date is looked for in a list without dates');
    const known = new Set<unknown>(dates);
    return (row) => {
      const value = evaluate(row);
      return value === null ? null : known.has(value) !== isNot;
    };
  }

  /** Kleene's logic: what is not known decides nothing. */
  #both(word: 'and' | 'or', left: Node, right: Node): Evaluate {
    const [a, b] = [this.condition(left), this.condition(right)];
    const decides = word === 'or';
    return (row) => {
      const x = a(row);
      if (x === decides) return decides;
      const y = b(row);
      if (y === decides) return decides;
      return x === null || y === null ? null : !decides;
    };
  }
}

const minus = (value: RuleValue): RuleValue => (typeof value === 'number' ? -value : null);
const not = (value: RuleValue): RuleValue => (typeof value === 'boolean' ? !value : null);

/** The fields that a rule names, each once, in their order, and where each stands first. */
export function fieldsNamed(node: Node): Map<string, number> {
  const found = new Map<string, number>();
  const visit = (part: Node): void => {
    if (part.kind === 'field' && !found.has(part.name)) found.set(part.name, part.at);
    if ('left' in part) {
      visit(part.left);
      visit(part.right);
    }
    if ('of' in part) visit(part.of);
  };
  visit(node);
  return found;
}

/**
 * Whether a row breaks a rule: only when the rule is false. One over a missing value is neither true nor false.
 * @throws RiskopsError CHECKS_INVALID when the rule compares what cannot be compared
 */
export function compileRule(
  rule: string,
  tree: Node,
  fieldOf: (name: string) => RuleField,
): (row: Lookup) => boolean {
  const evaluate = new Compiler(rule, fieldOf).condition(tree);
  return (row) => evaluate(row) === false;
}
