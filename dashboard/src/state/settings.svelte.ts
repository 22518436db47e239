// Theme and language, kept in this browser. public/boot.js applies them before the first paint.

import { forgetPalette } from '../charts/palette';
import { i18n, type Language } from '../i18n/language.svelte';

export type Theme = 'light' | 'dark';

const keep = (name: string, value: string): void => {
  try {
    localStorage.setItem(`vedette.${name}`, value);
  } catch {
    // Private windows may refuse; the choice then lasts as long as the tab.
  }
};

class Settings {
  theme = $state<Theme>('light');

  start(): void {
    this.theme = document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light';
    i18n.set(document.documentElement.lang === 'ru' ? 'ru' : 'en');
  }
  setTheme(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset['theme'] = theme;
    keep('theme', theme);
    forgetPalette();
  }
  setLanguage(language: Language): void {
    i18n.set(language);
    keep('language', language);
  }
}

export const settings = new Settings();
