export type { SlowPolicy } from './channel/subscription.js';
export type { Refusal } from './handshake/admit.js';
export type { Attachment, AttachOptions, UpgradableServer, WelcomeContext } from './handshake/attach.js';
export type { OriginPolicy } from './handshake/origin.js';
export type { ChannelHistory, RecordedMessage } from './history/channel-history.js';
export type { HistoryOptions } from './history/options.js';
export {
  CLOSE_GOING_AWAY,
  CLOSE_HISTORY_GONE,
  CLOSE_TOKEN_EXPIRED,
  CLOSE_TOO_MANY_MESSAGES,
  CLOSE_TOO_SLOW,
  CLOSE_TRY_AGAIN,
} from './hub/close-codes.js';
export { type Hub, realtimeHub } from './hub/hub.js';
export type { HubLimits, HubOptions } from './hub/options.js';
export type { PublishOptions } from './hub/publish.js';
export type { HubStats } from './hub/stats.js';
export type { Authenticate, Authorize, Identity } from './identity/identity.js';
export type { PresenceLimits } from './presence/limits.js';
export type { PresenceHook } from './presence/presence-entries.js';
export type { PresenceMember } from './presence/roster.js';
export type { ChannelPosition, ChannelRequest, JoinedChannel } from './recovery/position.js';
export { type RealtimeSinkOptions, realtimeSink } from './sink/realtime-sink.js';
export {
  type JwtAuthenticationOptions,
  jwtAuthentication,
  type TokenAuthentication,
} from './token/jwt-authentication.js';
export type { TokenKey } from './token/token-key.js';
