// Who is signed in, and the one live connection that belongs to the login.

import { ApiError, getAlerts, getSession, setServerTimeSink, signIn, signOut } from '../api/client';
import type { Session } from '../api/types';
import { LiveConnection, type LiveState } from '../live/connection';
import { openEvents } from '../live/event_source';
import { openPolling } from '../live/polling';
import { shared } from '../live/shared';
import { openWebSocket } from '../live/websocket';
import { alerts } from './alerts.svelte';
import { clock } from './clock.svelte';
import { fleet } from './fleet.svelte';

class SessionState {
  person = $state.raw<Session | null>(null);
  /** `asking` until the collector told whether there is a login. */
  phase = $state<'asking' | 'in' | 'out' | 'unreachable'>('asking');
  /** The command that makes the first administrator, while there is no user. */
  setup = $state<string | null>(null);
  live = $state.raw<LiveState>({ kind: 'idle' });
  /** What the collector answered to something this page asked over the live connection. */
  trouble = $state('');
  /** The login ended from the other side, not by signing out here. */
  ended = $state(false);

  readonly connection = new LiveConnection({
    // A browser allows a site six connections: tabs that can't have a WebSocket share one.
    open: { websocket: openWebSocket, events: shared('events', openEvents), polling: shared('polling', openPolling) },
    now: () => Date.now(),
    random: Math.random,
    setTimer: (callback, ms) => setTimeout(callback, ms),
    clearTimer: (timer) => clearTimeout(timer as number | undefined),
    hasLogin: async () => {
      try {
        await getSession();
        return true;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return false;
        throw error;
      }
    },
    onState: (state) => {
      this.live = state;
      if (state.kind === 'waiting') this.trouble = '';
      if (state.kind !== 'signed-out') return;
      this.ended = true;
      void this.ask();
    },
    onError: (message) => {
      this.trouble = message;
    },
  });

  start(): void {
    setServerTimeSink((date) => clock.learn(date));
    alerts.fetchPast = getAlerts;
    this.connection.subscribe('fleet', fleet);
    this.connection.subscribe('alerts', alerts);
    addEventListener('online', () => this.connection.nudge());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.connection.nudge();
    });
    void this.ask();
  }

  /** Is there a login? */
  async ask(): Promise<void> {
    try {
      this.#in(await getSession());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.#out();
        this.setup = error.problem?.setup ?? null;
      } else {
        this.phase = 'unreachable';
        setTimeout(() => {
          if (this.phase === 'unreachable') void this.ask();
        }, 3000);
      }
    }
  }

  async signIn(user: string, password: string): Promise<'in' | 'no-cookie'> {
    await signIn(user, password);
    try {
      this.#in(await getSession());
      return 'in';
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return 'no-cookie';
      throw error;
    }
  }

  async signOut(): Promise<void> {
    this.connection.stop();
    await signOut().catch(() => undefined);
    await this.ask();
  }

  #in(person: Session): void {
    this.person = person;
    this.setup = null;
    this.phase = 'in';
    this.ended = false;
    this.connection.start();
  }
  #out(): void {
    this.connection.stop();
    this.person = null;
    this.phase = 'out';
    fleet.clear();
    alerts.clear();
  }
}

export const session = new SessionState();
