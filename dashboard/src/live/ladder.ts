// Which transport is used: the next one when one doesn't get through, the WebSocket again after a while on another.

import { TRANSPORTS, type TransportKind } from './transport';

export const REFUSALS = 2;
export const WEBSOCKET_AGAIN_MS = 300_000;

export class Ladder {
  #rank = 0; // of the transport in TRANSPORTS
  #worked = 0; // the one that last did
  #refusals = 0; // of this transport, one after the other
  #websocketAt = 0; // when to try it again, while another one is used

  get kind(): TransportKind {
    return TRANSPORTS[this.#rank] ?? 'polling';
  }

  reset(): void {
    this.#rank = this.#worked = this.#refusals = 0;
  }

  /** A message came; `first` of this connection. */
  heard(first: boolean, now: number): void {
    this.#refusals = 0;
    if (!first) return;
    this.#worked = this.#rank;
    this.#websocketAt = now + WEBSOCKET_AGAIN_MS;
  }

  /** This transport didn't get through, though the collector may be there. True if there is another one to try now. */
  refused(): boolean {
    this.#refusals += 1;
    if (this.#refusals < REFUSALS && this.kind !== 'events') return false;
    if (this.#rank + 1 >= TRANSPORTS.length) return false;
    this.#rank = Math.max(this.#rank + 1, this.#rank === 0 ? this.#worked : 0);
    this.#refusals = 0;
    return true;
  }

  /** Is it time to try the WebSocket again? Then it is the one to open, and one refusal leads back. */
  backToWebSocket(now: number): boolean {
    if (this.#rank === 0 || now < this.#websocketAt) return false;
    this.#rank = 0;
    this.#refusals = REFUSALS - 1;
    return true;
  }
}
