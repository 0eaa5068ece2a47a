import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const TOKENS = readFileSync(new URL('../../src/dashboard/page/style/tokens.css', import.meta.url), 'utf8');
const THEMES = ['light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

/** WCAG 2.2, criteria 1.4.3 and 1.4.11. */
const TEXT_CONTRAST_MIN = 4.5;
const MARK_CONTRAST_MIN = 3;

const TEXTS = ['text', 'soft', 'accent', 'good', 'warn', 'alarm'];
const GROUNDS = ['ground', 'card', 'raised', 'warn-ground', 'alarm-ground'];
const STATUSES = ['idle', 'processing', 'failed', 'success', 'disputed'];

function colour(name: string, theme: Theme): string {
  const match = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(TOKENS);
  const found = match?.[1 + THEMES.indexOf(theme)];
  assert.ok(found !== undefined, `--${name} has a colour for either theme`);
  return found;
}

/** Relative luminance, 0 to 1 (WCAG 2.2). */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

describe('the colours of the dashboard', () => {
  for (const theme of THEMES) {
    it(`let all text be read on every ground: ${theme}`, () => {
      for (const text of TEXTS) {
        for (const ground of GROUNDS) {
          const found = contrast(colour(text, theme), colour(ground, theme));
          assert.ok(found >= TEXT_CONTRAST_MIN, `--${text} on --${ground}: ${found.toFixed(2)}`);
        }
      }
    });

    it(`let every status be seen on its card, and its mark on it: ${theme}`, () => {
      for (const status of STATUSES) {
        const onCard = contrast(colour(status, theme), colour('card', theme));
        assert.ok(onCard >= MARK_CONTRAST_MIN, `--${status} on --card: ${onCard.toFixed(2)}`);
        const mark = contrast(colour('mark', theme), colour(status, theme));
        assert.ok(mark >= MARK_CONTRAST_MIN, `--mark on --${status}: ${mark.toFixed(2)}`);
      }
    });
  }
});
