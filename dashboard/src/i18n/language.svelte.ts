// The chosen language: one reactive dictionary. Components read `i18n.t`.

import { setFormatLanguage, type Language } from '../format/locale';
import { en, type Dictionary } from './en';
import { ru } from './ru';

export type { Language };
export const dictionaries: Record<Language, Dictionary> = { en, ru };

class I18n {
  language = $state<Language>('en');
  t = $derived(dictionaries[this.language]);

  set(next: Language): void {
    setFormatLanguage(next);
    document.documentElement.lang = next;
    this.language = next;
  }
}

export const i18n = new I18n();
