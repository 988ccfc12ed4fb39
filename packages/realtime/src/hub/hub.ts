import type { Duplex } from 'node:stream';
import { ComponentError } from '@sluice/contracts';
import { type WebSocket, WebSocketServer } from 'ws';
import { ChannelIndex } from '../channel/channel-index.js';
import { Connection } from '../connection/connection.js';
import { startHeartbeat } from '../connection/heartbeat.js';
import { listen } from '../connection/inbound.js';
import type { Admitted, Refusal } from '../handshake/admit.js';
import { type Attachment, type AttachOptions, attach, type UpgradableServer } from '../handshake/attach.js';
import { refuse } from '../handshake/refuse.js';
import { startExpiry } from '../history/expiry.js';
import { History } from '../history/history.js';
import { Session } from '../identity/session.js';
import { Occupancy } from '../limits/occupancy.js';
import { Presence } from '../presence/presence.js';
import { presenceEntries } from '../presence/presence-entries.js';
import type { PresenceMember } from '../presence/roster.js';
import { Recovery } from '../recovery/recovery.js';
import { answeredProtocol } from '../token/bearer.js';
import { ExpiryClock } from '../token/expiry-clock.js';
import { closeAll } from './close-all.js';
import { CLOSE_GOING_AWAY } from './close-codes.js';
import { type HubOptions, type ResolvedHubOptions, resolveHubOptions } from './options.js';
import { keptUp } from './pace.js';
import { type PublishOptions, publish } from './publish.js';
import { HubCounters, type HubStats } from './stats.js';

/**
 * Makes a hub: WebSocket clients in channels, and messages published to them.
 *
 * A client gets what is published while it is connected, in the order of publishing within a channel, each message once. With a
 * `history`, a client that comes back with its offset also gets what it missed, or is told that this cannot be had any more. A client
 * in two channels gets a message that is published to both twice.
 *
 * Throws `OPTIONS_INVALID`.
 */
export function realtimeHub(options: HubOptions = {}): Hub {
  return new RealtimeHub(resolveHubOptions(options));
}

/** See {@link realtimeHub}. */
export interface Hub extends AsyncDisposable {
  /** Answers the WebSocket upgrades of a server, besides whatever else that server does. */
  attach(server: UpgradableServer, options: AttachOptions): Attachment;
  /**
   * Sends a message to every client in the channel (or in each of them) at the end of this tick: a string as it is, anything else
   * as JSON. It is encoded once. With a history it is kept, and its `offset` is sent as a member besides its own; to clients that are in
   * several channels, also its `channel`.
   *
   * Throws `REALTIME_MESSAGE_INVALID` when it has no JSON form (with a history: is no object), `REALTIME_OFFSET_INVALID` when it has an
   * offset and should not or the other way round, and `REALTIME_CLOSED` after `close`.
   */
  publish(channels: string | readonly string[], message: unknown, options?: PublishOptions): void;
  /**
   * Resolves when what was published has been handed to the sockets and no client has more than half its cap waiting, or after
   * `timeoutMs` (default 250): somebody who publishes much in a row waits here, so that only readers who are truly slow are closed.
   */
  flushed(options?: { readonly timeoutMs?: number }): Promise<void>;
  /**
   * Who is in a channel, as far as `presence` of `attach` counted them, in the order in which they came. A member whose last connection
   * has ended stays for `presence.graceMs`. A hub knows its own clients alone.
   */
  presence(channel: string): readonly PresenceMember[];
  stats(): HubStats;
  /**
   * Stops accepting, sends what waits, closes every client with 1001 and resolves when all are gone; sockets that are left after
   * `deadlineMs` (default 5,000) are destroyed. Safe to call twice.
   */
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}

const FULL: Refusal = { status: 503, detail: 'Too many connections' };
const STOPS: Refusal = { status: 503, detail: 'Server stops' };
const TOO_MANY: Refusal = { status: 429, detail: 'Too many connections of yours' };

/** A protocol error or a reset: `close` follows, and that is all there is to do. */
const ignore = () => undefined;

class RealtimeHub implements Hub {
  private readonly options: ResolvedHubOptions;
  private readonly server: WebSocketServer;
  private readonly connections = new Set<Connection>();
  private readonly counters = new HubCounters();
  private readonly history: History | undefined;
  private readonly channels: ChannelIndex;
  private readonly recovery: Recovery;
  private readonly attachments = new Set<Attachment>();
  private readonly stopHeartbeat: () => void;
  private readonly stopExpiry: (() => void) | undefined;
  private readonly expiries = new ExpiryClock();
  private readonly presences: Presence;
  private readonly addresses: Occupancy;
  private readonly identities: Occupancy;
  private handshakes = 0;
  private closing: Promise<void> | undefined;

  constructor(options: ResolvedHubOptions) {
    const { limits } = options;
    this.options = options;
    this.history = options.history && new History(options.history, this.counters);
    this.channels = new ChannelIndex(this.history, options.slow, this.counters);
    this.recovery = new Recovery(this.channels, this.history, limits.handshakeTimeoutMs);
    this.stopExpiry = this.history && startExpiry(this.history, this.channels);
    this.presences = new Presence(options.presence);
    this.addresses = new Occupancy(limits.maxConnectionsPerAddress);
    this.identities = new Occupancy(limits.maxConnectionsPerIdentity);
    // The hub tracks its clients and answers pings itself, through each client's cap. Without compression a frame is the same for all.
    // `closeTimeout` is read by ws; its type declarations do not have it yet.
    const server = {
      noServer: true,
      clientTracking: false,
      autoPong: false,
      perMessageDeflate: false,
      maxPayload: limits.maxMessageBytes,
      maxFragments: limits.maxFragmentsPerMessage,
      handleProtocols: answeredProtocol,
      closeTimeout: limits.closeTimeoutMs,
    };
    this.server = new WebSocketServer(server);
    this.stopHeartbeat = startHeartbeat(this.connections, options.heartbeat, this.counters);
  }

  attach(server: UpgradableServer, options: AttachOptions): Attachment {
    this.assertOpen();
    const { limits } = this.options;
    const attachment = attach(server, options, {
      enter: (address) => this.enter(address),
      leave: (address, accepted) => {
        this.handshakes -= 1;
        if (!accepted) this.addresses.give(address);
      },
      accept: (client, socket, head, address, using) => this.accept(client, socket, head, address, using),
      refused: () => {
        this.counters.refused += 1;
      },
      plan: (requests) => this.recovery.plan(requests),
      maxChannels: limits.maxChannelsPerConnection,
      maxHeaderBytes: limits.maxHeaderBytes,
      timeoutMs: limits.handshakeTimeoutMs,
    });
    this.attachments.add(attachment);
    return {
      detach: () => {
        this.attachments.delete(attachment);
        attachment.detach();
      },
    };
  }

  publish(channels: string | readonly string[], message: unknown, options: PublishOptions = {}): void {
    this.assertOpen();
    publish(typeof channels === 'string' ? [channels] : channels, message, options, this.channels, this.history);
    this.counters.published += 1;
  }

  async flushed({ timeoutMs = 250 }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.channels.flush();
    await keptUp(this.connections, this.options.limits.maxBufferedBytes / 2, timeoutMs);
  }

  presence(channel: string): readonly PresenceMember[] {
    return this.presences.members(channel);
  }

  stats(): HubStats {
    const { messages = 0, bytes = 0 } = this.history?.memory ?? {};
    return {
      connections: this.connections.size,
      channels: this.channels.size,
      ...this.counters,
      historyMessages: messages,
      historyBytes: bytes,
    };
  }

  close({ deadlineMs = 5_000 }: { readonly deadlineMs?: number } = {}): Promise<void> {
    this.closing ??= this.shutDown(deadlineMs);
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async shutDown(deadlineMs: number): Promise<void> {
    for (const attachment of this.attachments) attachment.detach();
    this.attachments.clear();
    this.stopHeartbeat();
    this.stopExpiry?.();
    this.expiries.clear();
    this.presences.stop();
    this.channels.flush();
    await closeAll(this.connections, CLOSE_GOING_AWAY, 'server stops', deadlineMs);
    this.server.close();
  }

  private enter(address: string): Refusal | undefined {
    const { maxConnections } = this.options.limits;
    if (this.closing || this.connections.size + this.handshakes >= maxConnections) return FULL;
    if (!this.addresses.take(address)) return TOO_MANY;
    this.handshakes += 1;
    return undefined;
  }

  private accept(client: Admitted, socket: Duplex, head: Buffer, address: string, options: AttachOptions): boolean {
    const { request, channels, identity, plans } = client;
    // The hub may have been closed, and the welcome may turn out to have no JSON form: both while there is still HTTP to answer in.
    const presence = presenceEntries(options.presence, client, this.options.presence.maxInfoBytes);
    const { joined, joins } = this.recovery.settle(plans);
    const first = this.recovery.welcome(options.welcome?.(channels, request, { identity, joined }), joined);
    const refusal = this.closing ? STOPS : identity && !this.identities.take(identity.subject) ? TOO_MANY : undefined;
    if (refusal !== undefined) {
      this.counters.refused += 1;
      refuse(socket, refusal.status, refusal.detail);
      return false;
    }
    let accepted = false;
    // The answer and the first message leave together: a write costs as much as all the rest of a handshake.
    socket.cork();
    this.server.handleUpgrade(request, socket, head, (ws) => {
      accepted = true;
      const { limits } = this.options;
      const connection = this.connect(ws, socket, address, identity?.subject);
      const origin = { hooks: options, request, channels, timeoutMs: limits.handshakeTimeoutMs };
      const session = identity === null ? undefined : new Session(connection, identity, origin, this.expiries);
      listen(connection, socket, limits, this.counters, session?.handlers ?? {});
      if (first !== undefined) connection.write(first, 1);
      socket.uncork();
      this.recovery.enter(connection, joins);
      for (const [channel, entry] of presence) this.presences.join(connection, channel, entry);
    });
    // ws answers a handshake that is no WebSocket's by itself, and ends the socket, which takes the cork out.
    if (!accepted && identity !== null) this.identities.give(identity.subject);
    return accepted;
  }

  /** Apart from `accept`, whose request and welcome its listeners would hold for as long as the connection lives. */
  private connect(ws: WebSocket, socket: Duplex, address: string, subject: string | undefined): Connection {
    const connection = new Connection(ws, socket, this.options.limits.maxBufferedBytes, this.counters);
    this.connections.add(connection);
    ws.on('error', ignore);
    ws.once('close', () => {
      this.connections.delete(connection);
      this.channels.leaveAll(connection);
      connection.ended();
      this.addresses.give(address);
      if (subject !== undefined) this.identities.give(subject);
    });
    return connection;
  }

  private assertOpen(): void {
    if (this.closing) throw new ComponentError('REALTIME_CLOSED', 'the hub is closed');
  }
}
