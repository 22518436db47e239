// The last 24 h of a host's connection in cells. Pure; canvas.ts draws it.

export interface Break {
  from: number;
  to: number;
  status: string;
}

export const STRIP_CELLS = 72;

/** What each cell of [from, to] shows: a break's status, `up`, or `before`: nobody knew the host yet. */
export function stripCells(from: number, to: number, breaks: Break[], known: number): string[] {
  const span = (to - from) / STRIP_CELLS;
  return Array.from({ length: STRIP_CELLS }, (_, i) => {
    const a = from + i * span;
    const cut = breaks.find((b) => b.from < a + span && b.to > a);
    return cut ? cut.status : a + span <= known ? 'before' : 'up';
  });
}

/** The share of [from, to] that the host was connected, counted from when it was known. */
export function connectedShare(from: number, to: number, breaks: Break[], known: number): number | null {
  const begin = Math.max(from, known);
  if (!(to > begin)) return null;
  let lost = 0;
  for (const b of breaks) lost += Math.max(0, Math.min(b.to, to) - Math.max(b.from, begin));
  return Math.max(0, 1 - lost / (to - begin));
}
