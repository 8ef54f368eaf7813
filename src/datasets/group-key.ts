import { hash } from 'node:crypto';

/**
 * The number that stands for a group's text, the same on every machine: the first 53 bits of its SHA-256. Two of a million groups share
 * one with a probability of about 1 in 18,000. No list of names is kept, and a group that training never saw has its own number too.
 */
export function groupKey(text: string): number {
  const digest = hash('sha256', text);
  return Number.parseInt(digest.slice(0, 13), 16) * 2 + (Number.parseInt(digest[13], 16) >> 3);
}
