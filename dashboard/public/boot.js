// Theme, contrast and language before the first paint, so that nothing flashes. A file of its own: the page's policy
// allows no inline script.
(() => {
  const root = document.documentElement;
  const kept = (name) => { try { return localStorage.getItem('vedette.' + name); } catch { return null; } };
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const more = matchMedia('(prefers-contrast: more)').matches;
  root.dataset.theme = kept('theme') ?? (dark ? 'dark' : 'light');
  if ((kept('contrast') ?? (more ? 'more' : '')) === 'more') root.dataset.contrast = 'more';
  root.lang = kept('language') ?? (navigator.language.startsWith('ru') ? 'ru' : 'en');
})();
