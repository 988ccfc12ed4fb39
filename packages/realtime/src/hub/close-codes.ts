/** The server stops or restarts; clients reconnect (RFC 6455, section 7.4.1). */
export const CLOSE_GOING_AWAY = 1001;

/** The history could not be read just now; clients reconnect (registered with IANA as "try again later"). */
export const CLOSE_TRY_AGAIN = 1013;

/** The client did not read what was sent to it, and more than `maxBufferedBytes` were waiting. */
export const CLOSE_TOO_SLOW = 4008;

/** The client's token has expired and was not refreshed. */
export const CLOSE_TOKEN_EXPIRED = 4401;

/** The client sent more messages, frames or bytes in a second than it may. */
export const CLOSE_TOO_MANY_MESSAGES = 4029;

/** What the client was being sent of the past was removed meanwhile; it reconnects and is told that it is not recovered. */
export const CLOSE_HISTORY_GONE = 4010;
