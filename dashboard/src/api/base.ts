// Below which path the collector shows itself: "/", or "/vedette/" where a proxy gives several services one name. The
// collector writes it into index.html, so that one build serves below any path.

export const base: string = document.documentElement.dataset['base'] ?? '/';

/** The address of one of the collector's own paths ("/alerts"), for links and requests. */
export const at = (path: string): string => base + path.slice(1);

/** The collector's own path at an address's: "/vedette/alerts" is "/alerts". Nothing if it isn't below the base. */
export const within = (pathname: string): string | null => (pathname.startsWith(base) ? pathname.slice(base.length - 1) : null);
