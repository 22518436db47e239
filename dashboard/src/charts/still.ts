// A picture of what the charts show that later ticks don't touch: what "Paused" shows.

import type { Shared } from './host_charts';

export const still = (shared: Shared): Shared => ({ ...shared, buffer: shared.buffer.copy(), outages: [...shared.outages], bands: [...shared.bands] });
