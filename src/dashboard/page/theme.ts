/** Dark or light: as the system has it, unless whoever looks has chosen. */

import { remember, remembered } from './browser.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const NAME = 'driftlock.theme';
/** Told to those who draw with colours of their own. */
const CHANGED = 'driftlock-theme';
const systemDark = matchMedia('(prefers-color-scheme: dark)');

export function currentTheme(): Theme {
  return THEMES.find((theme) => theme === remembered(NAME)) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  remember(NAME, theme === 'system' ? null : theme);
  applyTheme(theme);
}

export function applyTheme(theme: Theme = currentTheme()): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  dispatchEvent(new Event(CHANGED));
}

/** Calls `listener` whenever colours change; the returned function ends that. */
export function onThemeChange(listener: () => void): () => void {
  addEventListener(CHANGED, listener);
  systemDark.addEventListener('change', listener);
  return () => {
    removeEventListener(CHANGED, listener);
    systemDark.removeEventListener('change', listener);
  };
}

/** What a custom property of the style sheets comes to now, as a colour that a canvas takes. */
export function colourOf(property: `--${string}`): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
